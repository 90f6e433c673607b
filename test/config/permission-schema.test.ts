import t from 'tap'
import { Value } from 'typebox/value'
import { PermissionFile } from '../../src/config/permission-schema.ts'

t.test('a permission table is a vocabulary and routes, nothing else', async (t) => {
  const table = {
    permissions: { a: 'A' },
    routes: { 'GET /': 'a', 'GET /b': { permission: 'a', disguises: 'exact', shadow: false } },
  }
  t.equal(Value.Check(PermissionFile, table), true)
  t.equal(Value.Check(PermissionFile, { ...table, extra: 1 }), false)
  t.equal(Value.Check(PermissionFile, { permissions: { a: 'A' } }), false)
  t.equal(Value.Check(PermissionFile, { ...table, permissions: { public: 'P' } }), false)
})
