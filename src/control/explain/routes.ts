// What the gateway would do with a request, by the table in force: the same decision as that of `latchkey config explain`.

import { Type } from 'typebox'
import { mustGetKey } from '../../store/keys/key-table.ts'
import { viewOf } from '../change-answer.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, textField } from '../fields.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'
import { explanationSchema } from './explanation.ts'

const query = Type.Object(
  {
    method: textField(20),
    url: Type.String({
      minLength: 1,
      maxLength: 8_192,
      description: 'Absolute, or a path; its bytes are judged',
    }),
    host: Type.Optional(textField(255)),
    permissions: Type.Optional(
      Type.String({
        maxLength: 8_192,
        description: 'That a key holds, with commas between; left out: no key',
      }),
    ),
    environment: Type.Optional(textField(32)),
    key_id: Type.Optional(textField(64)),
  },
  { additionalProperties: false },
)

const doc = {
  summary: 'What the gateway would do with a request, and why',
  status: 200,
  answer: explanationSchema,
  errors: ['NOT_FOUND', 'STORE_UNAVAILABLE'],
} as const satisfies RouteDoc

export function serveExplain(app: ControlApp, deps: AdminDeps): void {
  app.get('/explain', { schema: { querystring: query }, config: { doc } }, async (request) => {
    const { method, url, host, permissions, environment, key_id: keyId } = request.query
    const key =
      keyId === undefined ? undefined : await mustGetKey(deps.db, idOf('key', keyId), viewOf(request, deps))
    const named = permissions
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
    const held = key?.permissions ?? named
    const explained = deps.explain({
      ...{ method, url, host },
      caller: held && { api: key?.api, environment: key?.environment ?? environment, permissions: held },
    })
    if ('fault' in explained) throw invalid(explained.at, explained.fault)
    return explained
  })
}
