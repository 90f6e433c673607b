import t from 'tap'
import { createSealing } from '../../src/credentials/sealing.ts'

const [first, second] = ['a'.repeat(32), 'b'.repeat(32)]

void t.test('what is sealed opens in its place alone, with its key alone, and whole', async (t) => {
  const sealing = createSealing([first])
  const sealed = sealing.seal('here', 'a secret → text')
  t.notMatch(sealed, 'secret')
  t.equal(sealing.open('here', sealed), 'a secret → text')
  t.equal(sealing.open('there', sealed), undefined)
  t.equal(createSealing([second]).open('here', sealed), undefined)
  t.not(sealing.seal('here', 'a secret → text'), sealed, 'a nonce of its own each time')
  const [version, name, text = ''] = sealed.split('.')
  for (let at = 0; at < text.length; at += 7) {
    const other = text[at] === 'A' ? 'B' : 'A'
    const forged = `${version}.${name}.${text.slice(0, at)}${other}${text.slice(at + 1)}`
    t.equal(sealing.open('here', forged), undefined, `byte ${at}`)
  }
  for (const nothing of ['', 'v1', `v1.${name}`, `v1.${name}.AAAA`, `v2.${name}.${text}`])
    t.equal(sealing.open('here', nothing), undefined)
})

void t.test('the first key seals, all open', async (t) => {
  const old = createSealing([first]).seal('here', 'x')
  const both = createSealing([second, first])
  t.equal(both.open('here', old), 'x')
  t.notOk(both.isByFirst(old))
  t.ok(both.isByFirst(both.seal('here', 'x')))
  t.throws(() => createSealing([]).seal('here', 'x'), /no key/)
  t.notOk(createSealing([]).isByFirst(old))
})
