import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { hasName, isIssuedBy } from '../../src/credentials/certificate.ts'
import { makeAuthority } from '../support/certificates.ts'

/** Signed by itself. */
function made(subject: string, alternative: string): X509Certificate {
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '9',
  ]
  const pem = execFileSync(
    'openssl',
    [...words, '-subj', subject, '-addext', `subjectAltName=${alternative}`, '-keyout', '/dev/null'],
    { stdio: 'pipe' },
  )
  return new X509Certificate(pem)
}

void t.test('a certificate has the names that it says, each to the letter', (t) => {
  const one = made(
    '/C=DE/O=Books, Ltd./CN=books',
    'DNS:*.books.example,DNS:a.example,URI:https://books.example/a,IP:192.0.2.1,email:a@books.example',
  )
  const has = (kind: Parameters<typeof hasName>[1], name: string) => hasName(one, kind, name)
  t.ok(has('subject_dn', 'CN=books,O=Books\\, Ltd.,C=DE'))
  t.ok(has('subject_dn', 'cn=books, o=Books\\, Ltd., c=DE'))
  for (const name of [
    'C=DE,O=Books\\, Ltd.,CN=books',
    'CN=books',
    'CN=Books,O=Books\\, Ltd.,C=DE',
    '',
    'CN=books,O=Books, Ltd.,C=DE',
  ])
    t.notOk(has('subject_dn', name), name)
  t.ok(has('san_dns', 'A.example'))
  t.notOk(has('san_dns', 'b.books.example'), 'a star is no other name')
  t.ok(has('san_uri', 'https://books.example/a'))
  t.notOk(has('san_uri', 'https://books.example/A'))
  t.ok(has('san_ip', '192.0.2.1'))
  t.notOk(has('san_ip', '192.0.2.2'))
  t.ok(has('san_email', 'a@books.example'))
  t.notOk(has('san_email', 'b@books.example'))
  t.notOk(has('san_dns', 'https://books.example/a'), 'of another kind')
  t.end()
})

void t.test('a name that looks like two is one', (t) => {
  const settings = `[req]
distinguished_name = dn
x509_extensions = ext
prompt = no
[dn]
CN = x\\, DNS:admin.example
[ext]
subjectAltName = @names
[names]
URI.1 = https://x.example/a\\, DNS:admin.example
`
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-name-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'settings')
  writeFileSync(file, settings)
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '9',
  ]
  const pem = execFileSync('openssl', [...words, '-config', file, '-keyout', '/dev/null'], { stdio: 'pipe' })
  const one = new X509Certificate(pem)
  t.match(one.subjectAltName, 'DNS:admin.example')
  t.notOk(hasName(one, 'san_dns', 'admin.example'), String(one.subjectAltName))
  t.ok(hasName(one, 'san_uri', 'https://x.example/a, DNS:admin.example'))
  t.notOk(hasName(one, 'subject_dn', 'DNS:admin.example'))
  t.end()
})

void t.test('an authority of the same name is another: it is the signature that counts', (t) => {
  const [own, other] = [makeAuthority(t), makeAuthority(t)]
  /** Nothing in it says by which key it was signed. */
  function unmarked({ caFile, make }: typeof own): X509Certificate {
    const { certFile } = make('books')
    const extensions = certFile.replace('.pem', '.none')
    writeFileSync(extensions, 'subjectAltName = DNS:books.example\nauthorityKeyIdentifier = none\n')
    const by = ['-CA', caFile, '-CAkey', join(dirname(caFile), 'ca.key'), '-set_serial', '7', '-days', '9']
    const words = ['x509', '-req', '-in', certFile.replace('.pem', '.csr'), '-extfile', extensions, ...by]
    return new X509Certificate(execFileSync('openssl', words, { stdio: 'pipe' }))
  }
  const authorities = [new X509Certificate(readFileSync(own.caFile))]
  const nowMs = Date.now() + 1_000
  const [issued, forged] = [unmarked(own), unmarked(other)]
  t.equal(
    forged.checkIssued(new X509Certificate(readFileSync(own.caFile))),
    true,
    'by its words alone it would do',
  )
  t.equal(isIssuedBy(issued, { authorities, nowMs }), true)
  t.equal(isIssuedBy(forged, { authorities, nowMs }), false)
  t.equal(isIssuedBy(issued, { authorities: [], nowMs }), false)
  t.equal(isIssuedBy(issued, { authorities: [issued], nowMs }), false, 'what is no authority')
  t.end()
})
