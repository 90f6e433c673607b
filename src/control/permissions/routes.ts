// The vocabulary that keys are made from: every API's permissions, as the table in force has them.

import { Type } from 'typebox'
import { seesApi } from '../../store/scope.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { listOf } from '../openapi/route-doc.ts'

export const apiPermissionsSchema = Type.Object({
  api: Type.String(),
  environments: Type.Array(Type.String()),
  permissions: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
})

const doc = {
  summary: 'The permissions of every API',
  status: 200,
  answer: listOf(apiPermissionsSchema),
} as const

export function servePermissions(app: ControlApp, deps: AdminDeps): void {
  app.get('/permissions', { config: { doc } }, async (request) => {
    const apis = [...deps.table().apis.values()].filter(({ name }) => seesApi(request.caller.scope, name))
    const data = apis.map((api) => ({
      api: api.name,
      environments: api.environments.map(({ name }) => name),
      permissions: [...api.permissions].map(([name, description]) => ({ name, description })),
    }))
    return { data, next_cursor: null }
  })
}
