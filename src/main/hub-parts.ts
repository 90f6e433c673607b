// What people's accounts need of the process: where they are reached, and who sends their mails.

import type { CompiledConfig, Table } from '../config/compiled.ts'
import type { HubSettings } from '../config/hub-compiled.ts'
import type { HubDeps } from '../control/dependencies.ts'
import { builtHub, type HubFiles, readHubFiles } from '../control/hub/files.ts'
import { createReminding } from '../control/reminders/reminding.ts'
import { createPostman } from '../control/people/mail/postman.ts'
import { createMailTransport } from '../control/people/mail/transport.ts'
import type { Postgres } from '../store/postgres.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createIds } from '../telemetry/request-id.ts'
import { StartError } from './start-error.ts'

export interface HubPartDeps {
  readonly db: Postgres
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'gauge' | 'counter'>
  now(): number
  readonly table: () => Pick<Table, 'apis'>
  /** As configured. */
  readonly gateway: CompiledConfig['settings']['gateway']
}

export interface HubPart extends HubDeps {
  stop(): Promise<void>
}

export function openHubPart(
  { publicUrl, path, mail, sessions, oidc }: HubSettings,
  deps: HubPartDeps,
): HubPart {
  const common = {
    publicUrl,
    path,
    sessions,
    oidc,
    pages: { files: builtFiles(), gatewayUrl: localGateway(publicUrl, deps.gateway) },
  }
  if (mail === null) return { ...common, sendsMail: false, mailQueued() {}, stop: async () => {} }
  const counts = { sent: 0, failed: 0, given_up: 0 }
  const postman = createPostman({
    ...{ db: deps.db, log: deps.log, now: deps.now, hub: { publicUrl, path } },
    transport: createMailTransport(mail),
    counted: (outcome) => (counts[outcome] += 1),
  })
  addMetrics(deps.metrics, counts, postman.waiting)
  const reminding = createReminding({ ...deps, newId: createIds(Date.now), queued: postman.kick })
  return {
    ...{ ...common, sendsMail: true, mailQueued: postman.kick },
    async stop() {
      await reminding.stop()
      await postman.stop()
    },
  }
}

/** On one machine the names of the APIs' hosts lead nowhere: what people are given to try says the gateway's own address. */
function localGateway(publicUrl: string, { port, tls }: HubPartDeps['gateway']): string | null {
  const { hostname } = new URL(publicUrl)
  if (!isLoopbackName(hostname)) return null
  return `${tls === null ? 'http' : 'https'}://localhost:${port}`
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

function builtFiles(): HubFiles {
  try {
    return readHubFiles()
  } catch (cause) {
    throw new StartError(
      `the hub is not built (${builtHub}): run \`npm run build\`, or leave \`hub\` out (${String(cause)})`,
    )
  }
}

function addMetrics(
  metrics: HubPartDeps['metrics'],
  counts: Readonly<Record<'sent' | 'failed' | 'given_up', number>>,
  waiting: () => number | undefined,
): void {
  metrics.gauge(
    'latchkey_mail_waiting',
    'Mails that are not sent yet, as this process last saw it',
    () => {
      const seen = waiting()
      return seen === undefined ? {} : { mails: seen }
    },
    'max',
  )
  metrics.counter('latchkey_mail_sent_total', 'Mails that the mail server took', () => counts.sent)
  metrics.counter(
    'latchkey_mail_failures_total',
    'Attempts to send a mail that failed; it waits and is tried again',
    () => counts.failed,
  )
  metrics.counter(
    'latchkey_mail_given_up_total',
    'Mails that could not be sent for a day',
    () => counts.given_up,
  )
}
