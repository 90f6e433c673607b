import * as fc from 'fast-check'
import t from 'tap'
import { permissionNames } from '../../../src/tables/openapi/permission-names.ts'

const form = /^(?!public$)[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$/

t.test('no two texts have one name, whatever they are', async (t) => {
  const long = 'x'.repeat(100)
  const texts = ['閲覧', '削除', 'a/b', 'a_b', 'a b', `${long}1`, `${long}2`, 'public', 'public_', '-x', '_x']
  const nameOf = permissionNames(texts)
  t.equal(new Set(texts.map(nameOf)).size, texts.length)
  for (const text of texts) t.match(nameOf(text), form, text)
  t.equal(nameOf('a_b'), 'a_b', 'what can be named as it is keeps its name')
  const property = fc.property(
    fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 8 }),
    (some) => {
      const name = permissionNames(some)
      return new Set(some.map(name)).size === some.length && some.every((text) => form.test(name(text)))
    },
  )
  fc.assert(property, { numRuns: 2000 })
})

t.test('a name that nothing comes near stays as it is read', async (t) => {
  const nameOf = permissionNames(['payments:read', 'x y'])
  t.equal(nameOf('payments:read'), 'payments:read')
  t.equal(nameOf('x y'), 'x_y')
})

t.test('URLs are named by what they do not have in common', async (t) => {
  const nameOf = permissionNames([
    'https://a.example/services/payments',
    'https://a.example/services/invoices/read',
    'own',
  ])
  t.equal(nameOf('https://a.example/services/payments'), 'payments')
  t.equal(nameOf('https://a.example/services/invoices/read'), 'invoices_read')
  t.equal(nameOf('own'), 'own')
  t.equal(permissionNames(['https://a.example/auth'])('https://a.example/auth'), 'auth')
})
