import t from 'tap'
import type { LogPaths } from '../../../src/config/log-schema.ts'
import { Secret, sampleKey } from '../../../src/credentials/secret.ts'
import { keyHintField, placeFields, traceField } from '../../../src/gateway/record/seen.ts'
import { accessOf, loadDemo } from '../subject.ts'

const config = await loadDemo()
const [api] = config.table.apis.values()
const [route] = api?.routes ?? []
const [environment] = api?.environments ?? []
if (api === undefined || route === undefined || environment === undefined) throw new Error('no route')
const host = { api, environments: [environment] as const }

const saidOf = (fields: string) => JSON.parse(`{${fields.slice(1)}}`)

t.test('the path is told by the setting, and where no route matched', async (t) => {
  const told = (paths: LogPaths, isMatched: boolean) => {
    const access = accessOf(config, { target: '/v1/x/1?token=2' })
    if (isMatched) Object.assign(access, { host, route })
    return saidOf(placeFields(access, paths)).path
  }
  t.same(
    (['unmatched', 'all', 'none'] as const).map((paths) => [told(paths, false), told(paths, true)]),
    [
      ['/v1/x/1', undefined],
      ['/v1/x/1', '/v1/x/1'],
      [undefined, undefined],
    ],
  )
})

t.test('the host is told where no API has it', async (t) => {
  const access = accessOf(config, { fields: ['Host: "other".example'] })
  t.same(saidOf(placeFields(access, 'none')), { host: '\\x22other\\x22.example' })
  t.equal(placeFields(Object.assign(access, { host }), 'none'), '')
  t.equal(placeFields(accessOf(config, { fields: [] }), 'none'), '')
})

t.test('a key is told by its ends, if it has the form of one', async (t) => {
  const hint = (text: string) =>
    keyHintField(Object.assign(accessOf(config), { credential: new Secret(text) }))
  const key = sampleKey('pk_live_')
  t.equal(hint(key), `,"key_hint":"pk_live_...${key.slice(-4)}"`)
  // Another API's.
  t.match(hint(sampleKey('flint_test_')), /"flint_test_\.\.\./)
  for (const other of [key.slice(0, -1), `${key}0`, key.replace('0', '1'), `"${key}"`, 'password', ''])
    t.equal(hint(other), '')
  t.equal(keyHintField(accessOf(config)), '')
})

t.test('a trace is told by its id, where it has one', async (t) => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  const span = '00f067aa0ba902b7'
  const field = `,"trace_id":"${id}"`
  t.equal(traceField(`00-${id}-${span}-01`), field)
  t.equal(traceField(`cc-${id}-${span}-01-what the future brings`), field)
  const none = [
    ...[
      '',
      'x',
      `00-${id}-${span}`,
      `00-${id}-${span}-01-more`,
      `ff-${id}-${span}-01`,
      `00-${id}-${span}-01"`,
    ],
    ...[
      `00-${'0'.repeat(32)}-${span}-01`,
      `00-${id}-${'0'.repeat(16)}-01`,
      `00-${id.toUpperCase()}-${span}-01`,
    ],
    `00-${id}-${span}-01, 00-${id}-${span}-01`,
  ]
  for (const value of none) t.equal(traceField(value), '', value)
})
