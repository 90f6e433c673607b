// The authorization server of this process: loaded when an API takes tokens, as it brings a framework of its own.

import { readCertificates } from '../config/certificates.ts'
import type { Settings, Table } from '../config/compiled.ts'
import type { HubSettings } from '../config/hub-compiled.ts'
import type { OauthDeps } from '../control/dependencies.ts'
import type { OauthServer, OauthServerDeps } from '../oauth/server.ts'
import { endTokens, findAccessToken, issueAccessToken } from '../store/oauth/access-token-table.ts'
import { type Change, readHead } from '../store/change-table.ts'
import type { Postgres } from '../store/postgres.ts'
import type { Logger } from '../telemetry/log.ts'

export interface OauthPartDeps {
  readonly db: Postgres
  readonly hub: HubSettings | null
  readonly control: Settings['control']
  /** Wall-clock milliseconds. */
  now(): number
  readonly sealing: OauthServerDeps['sealing']
  table(): Table
  newId(prefix: 'atk'): string
  published(change: Change): void
  /** Resolves with the instances that have not applied a revision in time. */
  awaitAll(revision: number, timeoutMs: number): Promise<readonly unknown[]>
  /** See ClientKeySetDeps. */
  readonly fetch: OauthServerDeps['fetch']
  readonly log: Logger
}

const waitTimeoutMs = 5000

export function openOauthPart(deps: OauthPartDeps): OauthDeps {
  const { hub, log } = deps
  let opened: Promise<OauthServer> | undefined

  async function open({ publicUrl, path: hubPrefix }: HubSettings): Promise<OauthServer> {
    const { createOauthServer } = await import('../oauth/server.ts')
    return createOauthServer({
      ...deps,
      ...{ publicUrl, hubPrefix, mutualTls: mutualTlsOf(deps) },
      tokens: { issue: issueAccessToken, end: endTokens, find: findAccessToken },
      monotonicNow: () => performance.now(),
      async spread(change) {
        deps.published(change)
        return (await deps.awaitAll(change.revision, waitTimeoutMs)).length === 0
      },
      async settled() {
        const { head } = await readHead(deps.db)
        return (await deps.awaitAll(head, waitTimeoutMs)).length === 0
      },
      failed: (error) => log.error({ err: error }, 'the authorization server failed a request'),
    })
  }

  return {
    endTokens,
    server:
      hub === null
        ? null
        : async () => {
            const isServing = [...deps.table().apis.values()].some((api) => api.oauth !== null)
            return isServing ? (opened ??= open(hub)) : null
          },
  }
}

/** The file is read for each client that shows itself so: what was replaced is in force at once. */
function mutualTlsOf({ control, log }: OauthPartDeps): OauthServerDeps['mutualTls'] {
  const { tls, clientCertHeader, clientCaFile, mtlsUrl } = control
  return {
    isOffered: tls?.asksClients === true || clientCertHeader,
    url: mtlsUrl,
    authorities() {
      try {
        return clientCaFile === null ? [] : readCertificates(clientCaFile)
      } catch (error) {
        log.error({ err: error }, 'control.client_ca cannot be read: no client is known by its certificate')
        return []
      }
    },
  }
}
