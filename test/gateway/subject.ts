// A request as the stages see it, without a server: on the demo's configuration (flintn takes a header, flint a bearer).

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { CompiledConfig } from '../../src/config/compiled.ts'
import { formatFault, loadConfig } from '../../src/config/load.ts'
import type { CredentialRecord } from '../../src/credentials/record.ts'
import type { Access } from '../../src/gateway/access.ts'
import type { Principal } from '../../src/decision/principal.ts'
import { type Head, readHead } from '../../src/decision/request/head.ts'
import { accessMaker } from '../../src/gateway/listener/begin.ts'
import { keepPeer } from '../../src/gateway/listener/peer.ts'
import { createUpstreams } from '../../src/gateway/upstream/upstreams.ts'

/** As they are unless a file says otherwise. */
export const headLimits = { headerBytes: 32_768, headerCount: 200 }

const demoFile = fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url))

export async function loadDemo(): Promise<CompiledConfig> {
  const loaded = await loadConfig(demoFile, {})
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFault).join('\n'))
  return loaded.config
}

export interface Question {
  readonly method?: string
  readonly target?: string
  /** `Name: value` each, as they came. */
  readonly fields?: readonly string[]
  readonly httpVersion?: readonly [major: number, minor: number]
  readonly peer?: string
}

/** The state of a request before the first stage. */
export function accessOf(config: CompiledConfig, question: Question = {}): Access {
  const raw = rawOf(question)
  const { target = '/v1/transactions/1' } = question
  const begin = accessMaker({
    trustedProxies: [],
    clientCertHeader: false,
    limits: config.settings.gateway.limits,
    drain: { isDraining: false },
    load: { leave() {} },
    inForce: () => ({ table: config.table, upstreams: createUpstreams(config.settings, config.table) }),
    denied: () => null,
    newId: () => 'req_test',
  })
  const access = begin(raw, new ServerResponse(raw), target)
  access.path = target.split('?')[0] ?? ''
  return access
}

/** The head as the gateway reads it. */
export function headOf({ rawHeaders, httpVersionMinor }: IncomingMessage, limits = headLimits): Head {
  return readHead(rawHeaders, httpVersionMinor, limits)
}

/** A parsed head from `peer`. */
export function rawOf({
  method = 'GET',
  fields = ['Host: api.flintn.com'],
  httpVersion = [1, 1],
  peer,
}: Question) {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer ?? '192.0.2.1' })
  keepPeer(socket)
  const raw = new IncomingMessage(socket)
  raw.method = method
  raw.httpVersionMajor = httpVersion[0]
  raw.httpVersionMinor = httpVersion[1]
  raw.rawHeaders = fields.flatMap((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon), field.slice(colon + 1).trim()]
  })
  // Node fills it while it parses.
  const distinct = new Map<string, string[]>()
  for (let i = 0; i < raw.rawHeaders.length; i += 2) {
    const name = (raw.rawHeaders[i] ?? '').toLowerCase()
    distinct.set(name, [...(distinct.get(name) ?? []), raw.rawHeaders[i + 1] ?? ''])
  }
  Object.defineProperty(raw, 'headersDistinct', { value: Object.fromEntries(distinct) })
  return raw
}

export function principalOf(of: Partial<CredentialRecord> = {}): Principal {
  const record: CredentialRecord = {
    kind: 'api_key',
    keyId: 'key_a',
    secretId: 'sec_a',
    merchantId: 'mer_a',
    api: 'flintn',
    environment: 'live',
    status: 'active',
    merchantStatus: 'active',
    permissions: ['transaction.read'],
    expiresAtMs: null,
    secretExpiresAtMs: null,
    limits: null,
    token: null,
    revision: 1,
    ...of,
  }
  const held = new Set(record.permissions)
  return { record, grant: { held, permissionsHeader: record.permissions.join(',') } }
}
