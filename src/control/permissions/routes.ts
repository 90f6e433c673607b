// The vocabulary that keys are made from: every API's permissions, as the table in force has them.

import type { AdminDeps, ControlApp } from '../dependencies.ts'

export function servePermissions(app: ControlApp, deps: AdminDeps): void {
  app.get('/permissions', async () => {
    const data = [...deps.table().apis.values()].map((api) => ({
      api: api.name,
      environments: api.environments.map(({ name }) => name),
      permissions: [...api.permissions].map(([name, description]) => ({ name, description })),
    }))
    return { data, next_cursor: null }
  })
}
