// What may be said of the installation's health: a closed set, each with how bad it is, what to do about it, and the rule of
// docs/prometheus-rules.yaml that says the same.

export const severities = ['critical', 'warning', 'info'] as const
export type Severity = (typeof severities)[number]

interface NoteKind {
  readonly severity: Severity
  readonly action: string
  readonly alert: string | null
}

export const noteKinds = {
  postgres_down: {
    severity: 'critical',
    action:
      'Known keys are decided for as long as stale_limit says, and nothing can be changed. See to the database and the way to it.',
    alert: 'LatchkeyPostgresAway',
  },
  postgres_refused: {
    severity: 'critical',
    action: 'Waiting does not mend it: change the setting that the detail names.',
    alert: 'LatchkeyPostgresAway',
  },
  gateway_silent: {
    severity: 'critical',
    action: 'Clients get no answer there. Take it out of the balancer and start it anew; its log says more.',
    alert: 'LatchkeyPortDead',
  },
  instance_behind: {
    severity: 'critical',
    action:
      'Keys that were revoked may live there. Look at its log and its way to Postgres; if it stays behind, end it.',
    alert: 'LatchkeyInstanceBehind',
  },
  deny_fault: {
    severity: 'critical',
    action: 'What was denied before stays denied, what is new is not. Mend the file.',
    alert: 'LatchkeyDenyFileNotInForce',
  },
  cache_keys_apart: {
    severity: 'critical',
    action: 'What is denied by hand does not reach all. Give all instances the same LATCHKEY_CACHE_KEY.',
    alert: 'LatchkeyCacheKeysApart',
  },
  key_exposed: {
    severity: 'warning',
    action: 'Rotate or revoke these keys: whoever has found the secret can use it.',
    alert: null,
  },
  instance_silent: {
    severity: 'warning',
    action:
      'It has ended without a word, or does not reach Postgres: then it goes on by what it knew, for as long as stale_limit says.',
    alert: 'LatchkeyInstanceDown',
  },
  workers_missing: {
    severity: 'warning',
    action: 'It serves with less than it should. Its log says why workers do not start.',
    alert: 'LatchkeyWorkersMissing',
  },
  config_fault: {
    severity: 'warning',
    action: 'The configuration before stays in force, and a restart would fail. Mend the file.',
    alert: 'LatchkeyConfigNotInForce',
  },
  certificate: {
    severity: 'warning',
    action: 'Put a certificate there that lasts and fits; it is taken without a restart.',
    alert: 'LatchkeyCertificateNotInForce',
  },
  redis_down: {
    severity: 'warning',
    action: 'Changes travel by Postgres alone, which takes up to a second. See to Redis and the way to it.',
    alert: 'LatchkeyRedisAway',
  },
  redis_degraded: {
    severity: 'warning',
    action: 'Redis answers and refuses some of what it is asked. The log says what, and what to do.',
    alert: 'LatchkeyRedisRefuses',
  },
  redis_behind: {
    severity: 'warning',
    action:
      'Instances that lose Postgres now would go by what Redis has. It catches up by itself; if not, see to Redis.',
    alert: null,
  },
  clock_apart: {
    severity: 'warning',
    action: 'Keys expire by the clock of the database. Set the clocks of these machines right.',
    alert: 'LatchkeyClockApart',
  },
  tables_differ: {
    severity: 'warning',
    action:
      'The same request may be decided in two ways. If it lasts longer than a roll-out, bring the same files to all.',
    alert: null,
  },
  upstream_unavailable: {
    severity: 'warning',
    action: 'These targets take no connections, or fail their checks; the log names them.',
    alert: 'LatchkeyTargetsUnavailable',
  },
  log_dropping: {
    severity: 'warning',
    action: 'The disk is full, or nobody reads the log fast enough.',
    alert: 'LatchkeyLogDropped',
  },
  audit_unlinked: {
    severity: 'warning',
    action: 'Entries get no link in the chain, so that a change of them would not be seen. The log says why.',
    alert: 'LatchkeyAuditUnlinked',
  },
  audit_sink_late: {
    severity: 'warning',
    action: 'The audit is not copied to its sink; the log says why.',
    alert: 'LatchkeyAuditSinkLate',
  },
  webhooks_late: {
    severity: 'warning',
    action: 'Events wait that receivers would take; the log says why they are not sent.',
    alert: 'LatchkeyWebhooksLate',
  },
  webhooks_all_fail: {
    severity: 'warning',
    action:
      'Nothing gets out of this network, or all receivers are away. Try one of their addresses from here.',
    alert: 'LatchkeyWebhooksAllFail',
  },
  webhook_disabled: {
    severity: 'warning',
    action: 'They took nothing for five days, or said that they are gone. Enable them, or delete them.',
    alert: 'LatchkeyWebhookDisabled',
  },
  mail_waiting: {
    severity: 'warning',
    action: 'The mail server does not take them; the detail says what it answered last, the log says more.',
    alert: 'LatchkeyMailWaits',
  },
  webhook_failing: {
    severity: 'info',
    action: 'Each is tried again for five days. Tell whoever receives it.',
    alert: null,
  },
  quota_used_up: {
    severity: 'info',
    action: 'Their requests are refused until the month ends. Give them more, or talk to them.',
    alert: 'LatchkeyQuotaUsedUp',
  },
  quota_near: {
    severity: 'info',
    action: 'Four fifths or more are used. Talk to them before it ends.',
    alert: null,
  },
  versions_differ: {
    severity: 'info',
    action: 'As while a version is rolled out. Finish it.',
    alert: null,
  },
  emergency_stop: {
    severity: 'info',
    action: 'What is denied by hand stays denied until it is taken off the list.',
    alert: null,
  },
} as const satisfies Record<string, NoteKind>

export type NoteCode = keyof typeof noteKinds
export const noteCodes = Object.keys(noteKinds).filter((code): code is NoteCode =>
  Object.hasOwn(noteKinds, code),
)

export interface Note {
  readonly code: NoteCode
  /** One sentence. */
  readonly summary: string
  /** The words of a fault. */
  readonly detail?: string | null | undefined
  /** Ids or names of what it is about. */
  readonly about?: readonly string[] | undefined
  /** How many there are of it; as many as are named, unless said. */
  readonly count?: number | undefined
  /** Since when, in milliseconds since the epoch. */
  readonly sinceMs?: number | null | undefined
}

/** The worst first; of the same severity in the order of the table above. */
export function worstFirst(notes: readonly Note[]): readonly Note[] {
  const rank = ({ code }: Note) =>
    severities.indexOf(noteKinds[code].severity) * noteCodes.length + noteCodes.indexOf(code)
  return notes.toSorted((a, b) => rank(a) - rank(b))
}

/** Rules that only Prometheus can judge: they go by how often something was counted in a time, by all processes. */
export const unseenAlerts = [
  ...['LatchkeyDeploymentGone', 'LatchkeyRestarting', 'LatchkeyWorkersDying', 'LatchkeyConnectionsRefused'],
  ...['LatchkeyDescriptorsShort', 'LatchkeyEventLoopSlow', 'LatchkeyOverloaded', 'LatchkeyInternalErrors'],
  ...['LatchkeyGatewaySlow', 'LatchkeyHousekeepingFails', 'LatchkeyKeysTurnedAway', 'LatchkeyLookupsSlow'],
  ...['LatchkeyConnectionsTaken', 'LatchkeyActivityDropped', 'LatchkeyCacheRejected'],
  ...['LatchkeyUpstreamUnreachable', 'LatchkeyUpstreamUnreachableInPart', 'LatchkeyQueueFull'],
  ...['LatchkeyUpstreamFailing', 'LatchkeyUpstreamFailingForHours', 'LatchkeyUpstreamErrors'],
  ...[
    'LatchkeyUpstreamCertificate',
    'LatchkeyAnswersCut',
    'LatchkeyKeysGuessed',
    'LatchkeyKeysGuessedWidely',
  ],
  ...['LatchkeyAdminTokensGuessed', 'LatchkeyPasswordsGuessed', 'LatchkeyHandshakesFail'],
  ...['LatchkeyProxyHeaderMissing', 'LatchkeyClientsDoNotRead', 'LatchkeyLimitRefusesForLong'],
  ...['LatchkeyLimitsNotShared', 'LatchkeyBrakePulled'],
] as const
/** Of these a note on certificates tells too, in the words of its detail. */
export const certificateAlerts = [
  ...['LatchkeyCertificateEndsInWeeks', 'LatchkeyCertificateEndsInDays', 'LatchkeyCertificateExpired'],
  'LatchkeyCertificateNames',
] as const
