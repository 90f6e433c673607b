import type { KeptRequest } from '../../api/requests.ts'
import { words } from '../../words.ts'
import { toneOf } from './tone.ts'

export interface Step {
  readonly name: keyof typeof words.requests.steps
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly text: string
}

const names = ['received', 'api', 'route', 'key', 'permission', 'upstream', 'answer'] as const

/** At which step each code ends a request; what is not here ends it behind the gateway. */
const endsAt: Readonly<Record<string, (typeof names)[number]>> = {
  ...{ BAD_REQUEST: 'received', URI_TOO_LONG: 'received', HEADERS_TOO_LARGE: 'received' },
  ...{ REQUEST_TIMEOUT: 'received', HTTPS_REQUIRED: 'received', INVALID_PATH: 'received' },
  ...{ OVERLOADED: 'received', UNKNOWN_HOST: 'api', ROUTE_NOT_FOUND: 'route', METHOD_NOT_ALLOWED: 'route' },
  ...{ MISSING_API_KEY: 'key', INVALID_API_KEY: 'key', WRONG_ENVIRONMENT: 'key', AUTH_UNAVAILABLE: 'key' },
  ...{
    TOO_MANY_REQUESTS: 'key',
    IP_NOT_ALLOWED: 'key',
    RATE_LIMITED: 'permission',
    QUOTA_EXCEEDED: 'permission',
  },
  ...{ INSUFFICIENT_PERMISSIONS: 'permission', BODY_TOO_LARGE: 'upstream' },
}

function endOf(one: KeptRequest): number {
  const { code, decision, cut } = one
  if (decision === 'allow' && toneOf(one) === 'good') return names.length
  if (decision === 'allow') return names.indexOf(cut === 'client' ? 'answer' : 'upstream')
  return names.indexOf((code === null ? undefined : endsAt[code]) ?? 'upstream')
}

export function stepsOf(one: KeptRequest): readonly Step[] {
  const end = endOf(one)
  const text = words.requests
  const said: Record<(typeof names)[number], string> = {
    received: one.method,
    api: [one.api, one.environment && words.environments.name(one.environment)].filter(Boolean).join(' · '),
    route: one.route,
    key: one.key_id ?? text.publicRoute,
    permission: one.required.length > 0 ? text.needs(one.required.join(', ')) : '',
    upstream:
      one.upstream_status !== null
        ? `${text.answered(one.upstream_status)}${one.times.upstream_ms === null ? '' : `, ${text.took(one.times.upstream_ms)}`}`
        : end < names.indexOf('upstream')
          ? text.notAsked
          : text.noAnswer,
    answer: [one.code, one.status === 0 ? '' : text.answered(one.status), text.took(one.times.total_ms)]
      .filter(Boolean)
      .join(' · '),
  }
  return names.map((name, index) => ({
    name,
    text: said[name],
    state:
      name === 'answer' || index < end
        ? name === 'answer' && end < names.length
          ? 'failed'
          : 'passed'
        : index === end
          ? 'failed'
          : 'skipped',
  }))
}

/** For a ticket. */
export function textOf(one: KeptRequest, at: string): string {
  const steps = stepsOf(one).map(
    ({ name, text, state }) =>
      `${{ passed: '[x]', failed: '[!]', skipped: '[ ]' }[state]} ${words.requests.steps[name]}: ${text}`,
  )
  return [`${one.id}  ${at}`, one.explanation, '', ...steps].join('\n')
}
