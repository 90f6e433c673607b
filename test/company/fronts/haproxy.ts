// HAProxy, which says who the client is in a field, or by the PROXY protocol.

import { join } from 'node:path'
import type { FrontProgram } from './front.ts'

const haproxy = (
  name: string,
  send: string,
  more: Partial<FrontProgram> & { readonly forwardFor: boolean },
): FrontProgram => {
  const { forwardFor, ...rest } = more
  return {
    name,
    source: { kind: 'debian', packages: ['haproxy'], file: 'haproxy' },
    version: ['-v'],
    hasId: true,
    ...rest,
    command: ({ port, folder, target, isBare }) => ({
      args: ['-db', '-f', join(folder, 'haproxy.cfg')],
      files: {
        'haproxy.cfg': `defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  ${forwardFor ? 'option forwardfor' : ''}
frontend front
  bind 127.0.0.1:${port}
  unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid
  unique-id-header X-Request-Id
  default_backend behind
backend behind
  server one 127.0.0.1:${target} ${isBare ? '' : send}
`,
      },
    }),
  }
}

const byProtocol = { forwardFor: false, gateway: ', proxy_protocol: true' } as const

export const haproxyFronts: readonly FrontProgram[] = [
  haproxy('HAProxy', '', { forwardFor: true }),
  haproxy('HAProxy, send-proxy', 'send-proxy', byProtocol),
  haproxy('HAProxy, send-proxy-v2', 'send-proxy-v2', byProtocol),
]
