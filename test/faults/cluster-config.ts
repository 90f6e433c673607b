// The configuration of an instance of the tests of faults.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Teardown } from './child.ts'

export interface ConfigParts {
  readonly upstreamPort: number
  readonly staleLimit?: string
  readonly failedLookups?: number
  readonly isBehindProxy?: boolean
  readonly upstreamConnections?: number
  readonly upstreamQueue?: number
  /** Of each request, as YAML; none unless said. */
  readonly rateLimit?: string
  /** The API takes access tokens, and the control plane gives them out. */
  readonly takesTokens?: boolean
  readonly ports: { readonly gateway: number; readonly control: number }
  readonly postgresUrl: string
  readonly redisUrl: string
}

/** Writes one in a folder that goes with the test; returns the file. */
export async function writeConfig(t: Teardown, parts: ConfigParts): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-faults-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(
    join(folder, 'permissions.yaml'),
    'permissions: { a.read: Read }\nroutes:\n  GET /v1/a: a.read\n  GET /v1/open: public\n  POST /v1/open: public\n',
  )
  // All of a test shares one machine: what is refused because that is slow would be taken for a fault.
  const file = join(folder, 'gateway.yaml')
  await writeFile(
    file,
    `gateway: { host: 127.0.0.1, port: ${parts.ports.gateway}, limits: { event_loop_delay: 30s, failed_lookups: ${parts.failedLookups ?? 10_000_000} }${parts.isBehindProxy === true ? ', trusted_proxies: [127.0.0.1]' : ''} }
control: { host: 127.0.0.1, port: ${parts.ports.control} }
postgres: ${parts.postgresUrl}
redis: ${parts.redisUrl}
${parts.takesTokens === true ? 'hub: {}\n' : ''}upstreams:
  live: { url: "http://127.0.0.1:${parts.upstreamPort}", connections: ${parts.upstreamConnections ?? 512}${parts.upstreamQueue === undefined ? '' : `, queue: ${parts.upstreamQueue}`} }
  sandbox: { url: "http://127.0.0.1:1" }
apis:
  demo:
    credential: { header: X-Api-Key }
    environments:
      live: { hosts: [api.example.com], prefix: live_, upstream: live }
      sandbox: { hosts: [sandbox.example.com], prefix: test_, upstream: sandbox }
    permissions: permissions.yaml
    stale_limit: ${parts.staleLimit ?? '15m'}
${parts.takesTokens === true ? '    oauth: { access_token: 2h }\n' : ''}${parts.rateLimit === undefined ? '' : `    rate_limits: { default: ${parts.rateLimit} }\n`}`,
  )
  return file
}
