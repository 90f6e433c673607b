import t from 'tap'
import { StatementError, StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { explainFailure, refusalOf } from '../../src/store/refusals.ts'

const failure = (code: string, text = '') => new StoreUnavailableError(code, text)

void t.test('what no waiting mends is a refusal, with the setting that does', async (t) => {
  for (const [code, mend] of [
    ['28P01', /user and password/],
    ['28000', /pg_hba\.conf/],
    ['3D000', /create the database/],
    ['42P01', /latchkey migrate/],
    ['42703', /latchkey migrate/],
    ['42501', /grant/],
    ['08P01', /ignore_startup_parameters/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /sslrootcert/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /sslrootcert/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /sslrootcert/],
    ['CERT_HAS_EXPIRED', /certificate/],
    ['tls_unsupported', /sslmode/],
    ['password_missing', /password/],
  ] as const) {
    t.match(refusalOf(failure(code, 'said')), { code, text: 'said', mend }, code)
  }
  for (const code of ['ECONNREFUSED', 'timeout', '57P03', '53300', '25006', '08006', 'connection_lost']) {
    t.equal(refusalOf(failure(code)), undefined, code)
  }
  t.equal(refusalOf(new Error('28P01')), undefined)
})

void t.test('a failure in a line: code, text and where to look, printable', async (t) => {
  t.equal(
    explainFailure(failure('57P03', 'starting\nup')),
    '57P03: starting\\nup (the server is starting or stopping)',
  )
  t.equal(explainFailure(failure('XX000')), 'XX000')
  t.equal(
    explainFailure(new StatementError({ code: '23505', message: 'double', constraint: null })),
    'SQLSTATE 23505: double',
  )
  t.equal(explainFailure(new Error('other')), 'other')
  t.ok(explainFailure(failure('57P01', 'x'.repeat(5_000))).length < 500)
})
