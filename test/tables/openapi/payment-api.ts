// An OpenAPI document of the size and shape of a large payment API's: several hundred operations on resources,
// sub-resources, searches beside parameters, and actions.

const resources = [
  ...[
    'accounts',
    'balance_transactions',
    'charges',
    'customers',
    'disputes',
    'invoices',
    'payment_intents',
    'payouts',
  ],
  ...['plans', 'prices', 'products', 'refunds', 'setup_intents', 'subscriptions', 'tax_rates', 'transfers'],
  ...[
    'issuing/cards',
    'issuing/transactions',
    'terminal/readers',
    'terminal/locations',
    'reporting/runs',
    'files',
  ],
  ...[
    'coupons',
    'credit_notes',
    'mandates',
    'orders',
    'quotes',
    'reviews',
    'sources',
    'tokens',
    'topups',
    'webhooks',
  ],
]
const parts = ['lines', 'notes', 'sources']
const actions = ['cancel', 'confirm', 'capture']

type Operation = Record<string, unknown>

function operation(method: string, path: string): Operation {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ in: 'path', name, required: true, schema: { type: 'string', maxLength: 5000 } },
  }))
  return {
    operationId:
      method + path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, ''),
    description: `<p>${method} ${path}: a text about the operation, as long as such texts are.</p>`,
    parameters,
    responses: {
      '200': {
        description: 'Successful response.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/thing' } } },
      },
    },
  }
}

/** The document; `paths` may be added to or replaced. */
export function paymentApi(paths: Record<string, unknown> = {}): Record<string, unknown> {
  const all: Record<string, Record<string, Operation>> = {}
  const put = (path: string, ...methods: string[]) =>
    (all[path] = Object.fromEntries(methods.map((method) => [method, operation(method, path)])))
  for (const resource of resources) {
    put(`/v1/${resource}`, 'get', 'post')
    put(`/v1/${resource}/search`, 'get')
    put(`/v1/${resource}/{id}`, 'get', 'post', 'delete')
    for (const part of parts) {
      put(`/v1/${resource}/{id}/${part}`, 'get', 'post')
      put(`/v1/${resource}/{id}/${part}/{${part}-id}`, 'get')
    }
    for (const action of actions) put(`/v1/${resource}/{id}/${action}`, 'post')
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Payment API', version: '2026-01-01' },
    servers: [{ url: 'https://api.flintn.com/' }],
    paths: { ...all, ...paths },
    components: {
      schemas: { thing: { type: 'object', properties: { self: { $ref: '#/components/schemas/thing' } } } },
    },
  }
}
