// Contract 11: brakes in the file.

import t from 'tap'
import { gatewayYaml, load } from './files.ts'

const table = `permissions:
  transaction.read: Read
  transaction.refund: Refund
  transaction.idle: Nothing asks for it
routes:
  GET /v1/transactions/{id}: transaction.read
  POST /v1/transactions/{id}/refund: transaction.refund
  POST /v1/refunds: { any_of: [transaction.refund, transaction.read] }
  GET /v1/status: public
`

void t.test('brakes are read, with the routes that they count', async (t) => {
  const gateway = `${gatewayYaml}    brakes:
      refund_burst: { permission: transaction.refund, rate: 5 × usual, action: disable }
      refund_much: { permission: transaction.refund, rate: 12x usual, floor: 3, action: require_ip }
      reads: { permission: transaction.read }
`
  const result = await load(t, { gateway, table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  const refunds = ['POST /v1/refunds', 'POST /v1/transactions/{id}/refund']
  const brakes = result.config.table.apis.get('flintn')?.brakes ?? []
  t.same(
    brakes.map((brake) => ({ ...brake, routes: brake.routes.toSorted() })),
    [
      {
        ...{ api: 'flintn', name: 'refund_burst', permission: 'transaction.refund', floor: 20 },
        ...{ action: 'disable', times: 5, routes: refunds },
      },
      {
        ...{ api: 'flintn', name: 'refund_much', permission: 'transaction.refund', floor: 3 },
        ...{ action: 'require_ip', times: 12, routes: refunds },
      },
      {
        ...{ api: 'flintn', name: 'reads', permission: 'transaction.read', floor: 20 },
        ...{ action: 'notify', times: 5, routes: ['GET /v1/transactions/{id}', 'POST /v1/refunds'] },
      },
    ],
  )
})

void t.test('without a word there are none', async (t) => {
  const result = await load(t, { table })
  t.ok(result.ok && result.config.table.apis.get('flintn')?.brakes.length === 0)
})

void t.test('brakes that nothing can pull, or that do what another does, are faults', async (t) => {
  const gateway = `${gatewayYaml}    brakes:
      a: { permission: transaction.refnd }
      b: { permission: transaction.idle }
      c: { permission: transaction.refund }
      d: { permission: transaction.refund, floor: 9 }
      e: { permission: transaction.read, rate: 1x usual }
      f: { permission: transaction.read, action: revoke }
      g: { permission: transaction.read, floor: 0 }
      h: {}
`
  const result = await load(t, { gateway, table })
  if (result.ok) return t.fail('it is not')
  const found = result.faults.map(({ line, message }) => `${line} ${message}`).join('\n')
  const begin = gatewayYaml.split('\n').length
  for (const [at, message] of [
    [1, 'unknown permission `transaction.refnd`'],
    [2, 'no route of `flintn` asks for `transaction.idle`'],
    [4, '`d` does what `c` does'],
    [5, 'how many times the usual'],
    [6, 'notify'],
    [7, 'floor'],
    [8, 'permission'],
  ] as const)
    t.match(found, new RegExp(`^${begin + at} .*${message.replaceAll(/[.`]/g, '.')}`, 'm'), message)
})
