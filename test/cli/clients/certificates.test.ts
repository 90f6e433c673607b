// Clients that show themselves by a certificate (RFC 8705), as they are made on the command line.

import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { tlsSubjectKinds } from '../../../src/credentials/certificate.ts'
import { makeMerchant } from '../../control/subject.ts'
import { makeAuthority } from '../../support/certificates.ts'
import { createConsole } from '../console.ts'

const about = ['--name', 'Books', '--api', 'flintn', '--permission', '*', '--grant', 'client_credentials']
const subjects = {
  subject_dn: 'CN=books.example,O=Books',
  san_dns: 'books.example',
  san_uri: 'https://books.example/id',
  san_ip: '192.0.2.7',
  san_email: 'ops@books.example',
} as const

void t.test('by a name in a certificate that an authority has issued', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = await makeMerchant(subject)
  const create = (...more: string[]) => type('clients', 'create', ...about, '--merchant', merchant, ...more)
  t.same(Object.keys(subjects).toSorted(), [...tlsSubjectKinds].toSorted())
  for (const [kind, name] of Object.entries(subjects)) {
    const made = await create('--tls-subject', `${kind}=${name}`, '--json')
    t.match(made, { code: 0, stderr: '' }, kind)
    t.match(JSON.parse(made.stdout), {
      ...{ auth_method: 'tls_client_auth', tls_subject: { [kind]: name }, client_secret: null, secrets: [] },
    })
  }
  const bound = await create('--tls-subject', 'san_dns=books.example', '--bound')
  t.match(bound.stdout, /^shows itself by +tls_client_auth$/m)
  t.match(bound.stdout, /^bound +yes$/m)
  t.notMatch(bound.stdout, /lk_oac_/)
  const id = /^id +(\S+)/m.exec(bound.stdout)?.[1] ?? ''
  t.match(await type('clients', 'rotate-secret', id), { code: 1, stderr: /has no secret/ })

  for (const wrong of ['san_dns', 'san_dns=', 'san_name=a', '=a', ''])
    t.match(await create('--tls-subject', wrong), { code: 2, stderr: /--tls-subject must be one of/ }, wrong)
  for (const [kind, name] of [
    ['subject_dn', 'books.example'],
    ['san_dns', 'books example'],
    ['san_uri', 'books'],
    ['san_ip', 'nowhere'],
    ['san_email', 'books.example'],
  ] as const)
    t.match(
      await create('--tls-subject', `${kind}=${name}`),
      { code: 1, stderr: new RegExp(`/tls_subject/${kind}.*must be a`) },
      'no certificate has it',
    )
})

void t.test('by certificates that are registered', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = await makeMerchant(subject)
  const create = (...more: string[]) => type('clients', 'create', ...about, '--merchant', merchant, ...more)
  const authority = makeAuthority(t)
  const [one, two] = [authority.make('one'), authority.make('two', { isSelfSigned: true })]
  const made = await create('--certificate', one.certFile, two.certFile, '--json')
  t.match(made, { code: 0, stderr: '' })
  const client: Record<string, unknown> = JSON.parse(made.stdout)
  t.match(client, {
    ...{ auth_method: 'self_signed_tls_client_auth', client_secret: null },
    jwks: {
      keys: [
        { kty: 'EC', x5c: [/^MII/] },
        { kty: 'EC', x5c: [/^MII/] },
      ],
    },
  })
  t.notMatch(made.stdout, /"d":/, 'nothing private')

  t.match(await create('--certificate', one.keyFile), { code: 2, stderr: /cannot be read as a certificate/ })
  t.match(await create('--certificate', '/nowhere'), { code: 2, stderr: /cannot be read as a certificate/ })
  const jwks = join(t.testdir(), 'jwks.json')
  await writeFile(jwks, '{"keys":[]}')
  for (const other of [
    ['--tls-subject', 'san_dns=books.example'],
    ['--jwks', jwks],
  ])
    t.match(await create('--certificate', one.certFile, ...other), { code: 2, stderr: /say one of --jwks/ })
})
