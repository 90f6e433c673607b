// What a client is told of the end of a token, where not all instances have applied it yet.

import t from 'tap'
import { settleRevocation } from '../../src/oauth/applied.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'

const later = {
  status: 503,
  body: { error: 'temporarily_unavailable', error_description: 'the server cannot do this at the moment' },
}

async function told(route: string, settled: () => Promise<boolean>) {
  const context = { status: 200, body: '', oidc: { route } }
  let wasAsked = false
  await settleRevocation({ settled }, context, async () => {
    wasAsked = true
  })
  t.ok(wasAsked)
  return { status: context.status, body: context.body }
}

void t.test(
  'a revocation is told when all have applied it, also one of a token that was over before',
  async (t) => {
    t.same(await told('revocation', async () => true), { status: 200, body: '' })
    t.same(await told('revocation', async () => false), later)
    t.same(await told('revocation', () => Promise.reject(new StoreUnavailableError('57P01', 'ended'))), later)
    t.same(await told('introspection', () => Promise.reject(new Error('not asked'))), {
      status: 200,
      body: '',
    })
  },
)
