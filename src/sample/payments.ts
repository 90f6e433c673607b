// The sample payments API: answers on every route of config/permissions/flintn.yaml. Keeps nothing; an object's figures
// follow from its id alone.

import {
  type Answer,
  created,
  type Handler,
  idFrom,
  idOf,
  list,
  numberFrom,
  ok,
  type Routes,
  type SampleRequest,
  textIn,
  timeFrom,
} from './answer.ts'

const currencies = ['EUR', 'USD', 'GBP'] as const
const exampleTransactions = ['txn_1001', 'txn_1002', 'txn_1003']
const exampleSubscriptions = ['sub_2001', 'sub_2002']
const examplePlans = ['plan_basic', 'plan_plus']

const listTransactions: Handler = () => list(exampleTransactions.map(transaction))
const listSubscriptions: Handler = () => list(exampleSubscriptions.map(subscription))

/** The routes of the sample payments API. */
export const paymentsRoutes: Routes = {
  'GET /v1/status': () => ok({ object: 'status', status: 'operational' }),

  'GET /v1/transactions': listTransactions,
  'POST /v1/transactions/search': listTransactions,
  'GET /v1/transactions/{id}': ({ params }) => ok(transaction(idOf(params))),
  'GET /v1/transactions/{id}/events': ({ params }) => list(events(idOf(params))),
  'GET /v1/transactions/{id}/refunds': ({ params }) =>
    list([refund(idOf(params), idFrom('re', idOf(params)))]),
  'GET /v1/transactions/{id}/refunds/{refund_id}': ({ params }) =>
    ok(refund(idOf(params), params['refund_id'] ?? '')),
  'POST /v1/transactions/{id}/refund': createRefund,
  'POST /v1/transactions/{id}/void': ({ params }) => ok({ ...transaction(idOf(params)), status: 'voided' }),
  'POST /v1/transactions/{id}/capture': ({ params, json }) => {
    const captured = transaction(idOf(params))
    return ok({ ...captured, status: 'captured', amount_captured: amountIn(json) ?? captured.amount })
  },

  'POST /v1/client_sessions': createClientSession('payment'),
  'POST /v1/subscriptions/client_sessions': createClientSession('subscription'),

  'GET /v1/subscriptions': listSubscriptions,
  'POST /v1/subscriptions/search': listSubscriptions,
  'GET /v1/subscriptions/{id}': ({ params }) => ok(subscription(idOf(params))),
  'GET /v1/subscriptions/{id}/transactions': ({ params }) =>
    list(
      [transaction(idFrom('txn', idOf(params)))].map((entry) => ({ ...entry, subscription: idOf(params) })),
    ),

  'GET /v1/subscription_plans': () => list(examplePlans.map((id) => plan(id, {}))),
  'POST /v1/subscription_plans': ({ json }) => created(plan(idFrom('plan', JSON.stringify(json)), json)),
  'GET /v1/subscription_plans/{id}': ({ params }) => ok(plan(idOf(params), {})),
  'PUT /v1/subscription_plans/{id}': ({ params, json }) => ok(plan(idOf(params), json)),
  'PATCH /v1/subscription_plans/{id}': ({ params, json }) => ok(plan(idOf(params), json)),
  'DELETE /v1/subscription_plans/{id}': ({ params }) =>
    ok({ id: idOf(params), object: 'subscription_plan', deleted: true }),

  'GET /v1/reports/{id}': ({ params }) => ok(report(idOf(params))),
  'GET /v1/exports/summary': () => ok({ object: 'export_summary', pending: 0, completed: 2 }),
  'GET /v1/exports/{id}': ({ params }) => ok(job('export', idOf(params), 'completed')),
  'POST /v1/exports': ({ json }) => created(job('export', idFrom('exp', JSON.stringify(json)), 'pending')),
  'POST /v1/imports': ({ bodyBytes }) =>
    created({ ...job('import', idFrom('imp', String(bodyBytes)), 'pending'), received_bytes: bodyBytes }),
  'GET /v1/files/{path...}': ({ params }) =>
    ok({
      object: 'file',
      path: params['path'] ?? '',
      media_type: 'text/csv',
      size_bytes: numberFrom(params['path'] ?? '', [900, 90_000]),
    }),
}

function transaction(id: string) {
  return {
    id,
    object: 'transaction',
    amount: numberFrom(id, [500, 25_000]),
    currency: currencyOf(id),
    status: 'authorized',
    description: `Order ${numberFrom(`order ${id}`, [10_000, 99_999])}`,
    card: { brand: 'visa', last4: String(numberFrom(`card ${id}`, [1000, 9999])) },
    created_at: timeFrom(id),
  }
}

function events(id: string): Record<string, unknown>[] {
  return ['created', 'authorized'].map((type) => ({
    id: idFrom('evt', type + id),
    object: 'event',
    type: `transaction.${type}`,
    transaction: id,
    created_at: timeFrom(id),
  }))
}

function refund(transactionId: string, id: string) {
  const { amount, currency } = transaction(transactionId)
  return {
    id,
    object: 'refund',
    transaction: transactionId,
    amount,
    currency,
    status: 'succeeded',
    created_at: timeFrom(id),
  }
}

function createRefund({ params, json }: SampleRequest): Answer {
  const made = refund(idOf(params), idFrom('re', idOf(params)))
  return created({ ...made, amount: amountIn(json) ?? made.amount })
}

function createClientSession(kind: 'payment' | 'subscription'): Handler {
  return ({ json }) => {
    const id = idFrom('cs', kind + JSON.stringify(json))
    return created({
      id,
      object: 'client_session',
      kind,
      amount: amountIn(json) ?? numberFrom(id, [500, 25_000]),
      currency: textIn(json, 'currency') ?? currencyOf(id),
      client_token: idFrom('tok', id),
      expires_at: timeFrom(id),
    })
  }
}

function subscription(id: string): Record<string, unknown> {
  return {
    id,
    object: 'subscription',
    plan: 'plan_basic',
    status: 'active',
    amount: plan('plan_basic', {})['amount'],
    currency: currencyOf('plan_basic'),
    current_period_end: timeFrom(id),
  }
}

function plan(id: string, json: Record<string, unknown>): Record<string, unknown> {
  return {
    id,
    object: 'subscription_plan',
    name: textIn(json, 'name') ?? id.replace('plan_', ''),
    amount: amountIn(json) ?? numberFrom(id, [5, 99]) * 100,
    currency: textIn(json, 'currency') ?? currencyOf(id),
    interval: textIn(json, 'interval') ?? 'month',
  }
}

function report(id: string): Record<string, unknown> {
  return {
    id,
    object: 'report',
    currency: currencyOf(id),
    transactions: numberFrom(`count ${id}`, [10, 900]),
    volume: numberFrom(id, [100_000, 9_000_000]),
    created_at: timeFrom(id),
  }
}

function job(
  object: 'export' | 'import',
  id: string,
  status: 'pending' | 'completed',
): Record<string, unknown> {
  return { id, object, status, rows: numberFrom(id, [1, 5_000]), created_at: timeFrom(id) }
}

function currencyOf(id: string): string {
  return currencies[numberFrom(`currency ${id}`, [0, currencies.length - 1])] ?? 'EUR'
}

function amountIn(json: Record<string, unknown>): number | undefined {
  const { amount } = json
  return typeof amount === 'number' ? amount : undefined
}
