// POST /keys/exposed: secrets that stand in public. What becomes of their keys is the configuration's to say, by environment; that
// it was reported is in the audit, from which webhooks tell it. Of the secrets themselves nothing is kept, logged or answered.

import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { exposurePolicies, type ExposurePolicy } from '../../../config/scanning-schema.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import {
  type ExposureOutcome,
  exposeSecret,
  findSecrets,
  type KnownSecret,
} from '../../../store/keys/key-exposure-table.ts'
import { originOf, settle } from '../../change-answer.ts'
import type { AdminDeps, ControlApp } from '../../dependencies.ts'
import { waitQuery } from '../../fields.ts'
import { changed, type RouteDoc } from '../../openapi/route-doc.ts'
import { createWrongTokens } from '../../wrong-tokens.ts'
import { refuseKeys } from '../key-request.ts'
import { bodyOf, exposedBody, placeOf, readReport, type Report } from './report.ts'
import { createSignatureCheck } from './signature.ts'

const outcomes = [
  'unknown',
  'repeated',
  'notified',
  'disabled',
  'revoked',
  'over',
] as const satisfies readonly (ExposureOutcome | 'unknown')[]

const text = Type.Union([Type.String(), Type.Null()])
export const exposedSchema = Type.Object({
  key_id: Type.Union([Type.String(), Type.Null()], { description: 'null: no key has, or had, this secret' }),
  secret_id: text,
  last4: text,
  policy: Type.Union([Type.Enum([...exposurePolicies]), Type.Null()]),
  outcome: Type.Enum([...outcomes], {
    description:
      '`notified`: kept in the audit, the key is as it was; `disabled`, `revoked`: also that; `over`: kept, the secret or the key worked no longer; `repeated`: a signed report of a place that was reported before, nothing was done; `unknown`: no key of ours',
  }),
})

const doc = {
  summary:
    'Tells of secrets that stand in public; what becomes of their keys is configured (`exposed` of the environment). To a report that is signed instead of having a token the answer is what GitHub takes for feedback',
  status: 200,
  answer: changed(Type.Object({ data: Type.Array(exposedSchema) })),
  errors: ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
} as const satisfies RouteDoc

/** Who acts, in the audit. */
const scannerName = 'github-secret-scanning'
/** A scanner sends what it found in one message. */
const bodyLimitBytes = 1024 * 1024

export function serveExposed(app: ControlApp, deps: AdminDeps): void {
  const authenticate = createAuthentication(deps)
  // Its body is looked at as it came before anything is read from it.
  void app.register(async (scope: ControlApp) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.addHook('preValidation', async (request) => {
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      await authenticate(request, bytes)
      request.body = bytes.length === 0 ? {} : bodyOf(bytes)
    })
    const schema = { body: exposedBody, querystring: waitQuery }
    scope.post('/keys/exposed', { bodyLimit: bodyLimitBytes, schema, config: { doc } }, async (request) => {
      const { prefixes } = deps.table()
      const reports = request.body.reports.map((given) => readReport(given, prefixes))
      refuseKeys(deps, '/reason', request.body.reason ?? '')
      const judged = await judgeAll(deps, request, reports)
      const settled = await settle(deps, { object: judged, change: null }, request)
      if (request.caller.kind === 'signed') return request.body.reports.map(feedbackOn(reports, judged.data))
      return { data: judged.data, ...settled }
    })
  })
}

/** A request without a token is nobody's until its signature has been seen to fit. */
function createAuthentication(deps: AdminDeps) {
  const isRightly = createSignatureCheck(deps.scanners)
  const wrong = createWrongTokens({
    monotonicNow: () => performance.now(),
    persistent: (address, count) =>
      deps.log.warn({ client: address, count }, 'wrong signatures of reports; each further one is held back'),
  })
  return async (request: FastifyRequest, bytes: Buffer): Promise<void> => {
    if (request.caller.kind !== 'signed') return
    if (isRightly(request.headers, bytes)) {
      request.caller = { ...request.caller, actor: scannerName }
      return
    }
    const reason = 'report_signature_wrong'
    deps.refused(reason)
    await wrong.add(request.client ?? '')
    throw new DenialError(deny('UNAUTHORIZED', reason))
  }
}

type Exposed = Static<typeof exposedSchema>

interface Judged {
  readonly data: readonly Exposed[]
  /** Of the last change, 0: nothing was changed. */
  readonly revision: number
}

/** One after the other, each whole: where the database goes away in between, a repeat goes on. */
async function judgeAll(
  deps: AdminDeps,
  request: FastifyRequest,
  reports: readonly Report[],
): Promise<Judged> {
  const known = await findSecrets(deps.db, [...new Set(reports.map(({ digest }) => digest))])
  const data: Exposed[] = []
  let revision = 0
  for (const report of reports) {
    const secret = known.get(report.digest)
    if (secret === undefined) {
      data.push({ key_id: null, secret_id: null, last4: null, policy: null, outcome: 'unknown' })
      continue
    }
    const policy = policyOf(deps, secret)
    const isSigned = request.caller.kind === 'signed'
    const reporter = isSigned ? 'github' : 'admin'
    const { url, type, source } = report
    const { object, change, outcome } = await exposeSecret(deps.db, originOf(request, deps), {
      ...{ secret, reporter, place: placeOf(reporter, report), isOnce: isSigned, policy },
      ...{ url, type, source },
    })
    if (change) {
      deps.published(change)
      revision = object.revision
    }
    const { keyId, secretId, last4 } = secret
    data.push({ key_id: keyId, secret_id: secretId, last4, policy, outcome })
  }
  return { data, revision }
}

/** Of an environment that there is no longer a key works nowhere: it is told. */
function policyOf(deps: AdminDeps, { api, environment }: KnownSecret): ExposurePolicy {
  const environments = deps.table().apis.get(api)?.environments
  return environments?.find(({ name }) => name === environment)?.exposed ?? 'notify'
}

/** What GitHub takes for feedback on a match: the secret's SHA-256, and whether it was one of ours. */
function feedbackOn(reports: readonly Report[], data: readonly Exposed[]) {
  return ({ type }: { readonly type?: string }, index: number) => ({
    token_hash: reports[index]?.digest,
    token_type: type,
    label: data[index]?.key_id === null ? 'false_positive' : 'true_positive',
  })
}
