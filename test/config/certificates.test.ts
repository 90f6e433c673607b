import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { endOf, isNameOf, namesOf, readCertificates, readPair } from '../../src/config/certificates.ts'
import { makeAuthority } from '../support/certificates.ts'

t.test('a pair is read, with names and end', async (t) => {
  const pair = makeAuthority(t).make('pair', {
    names: ['Api.Example', '*.b.example', 'IP:127.0.0.1'],
    toDays: 20,
  })
  const { chain } = readPair(pair)
  t.same(namesOf(chain[0]), ['api.example', '*.b.example'])
  const days = (endOf(chain) - Date.now()) / 86_400_000
  t.ok(days > 19.9 && days < 20.1)
})

t.test('a certificate and a key that do not belong together are refused, whatever their kinds', async (t) => {
  const authority = makeAuthority(t)
  const [first, second, rsa] = [authority.make('a'), authority.make('b'), authority.make('c', { key: 'rsa' })]
  for (const [of, by] of [
    [first, second],
    [first, rsa],
    [rsa, first],
  ] as const) {
    const fault = `${by.keyFile}: the private key is not that of the certificate in ${of.certFile}`
    t.throws(() => readPair({ certFile: of.certFile, keyFile: by.keyFile }), { message: fault })
  }
})

t.test('a key behind its curve’s parameters, as openssl ecparam writes it, is read', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('a')
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
  writeFileSync(`${keyFile}.2`, parameters + readFileSync(keyFile, 'latin1'))
  t.ok(readPair({ certFile, keyFile: `${keyFile}.2` }))
})

t.test('what cannot be used is refused with the name of its file, and nothing that is in it', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('a')
  const folder = t.testdir({
    broken: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    text: 'card 4242',
  })
  const file = (name: string) => join(folder, name)
  t.throws(() => readPair({ certFile: file('none'), keyFile }), {
    message: `${file('none')}: does not exist`,
  })
  t.throws(() => readPair({ certFile: file('text'), keyFile }), { message: /text: holds no certificate/ })
  t.throws(() => readPair({ certFile: file('broken'), keyFile }), {
    message: /broken: holds a certificate that cannot/,
  })
  t.throws(() => readPair({ certFile, keyFile: file('text') }), {
    message: /^[^4]*text: holds no private key/,
  })
  t.throws(() => readPair({ certFile, keyFile: certFile }), { message: /holds no private key/ })
  t.throws(() => readCertificates(keyFile), { message: /holds no certificate/ })
})

t.test('a key in the place of its file’s name is not told', async (t) => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----'
  t.throws(() => readCertificates(key), { message: /^what is no name of a file: does not exist/ })
})

t.test('a star stands for one whole label', async (t) => {
  t.ok(isNameOf('*.example.com', 'a.example.com'))
  t.notOk(isNameOf('*.example.com', 'a.b.example.com'))
  t.notOk(isNameOf('*.example.com', 'example.com'))
  t.notOk(isNameOf('*.example.com', '.example.com'))
  t.ok(isNameOf('example.com', 'example.com'))
})
