// The schemas that have a name of their own in the OpenAPI document.

import { Type } from 'typebox'
import { activitySchema } from '../activity/routes.ts'
import { explanationSchema } from '../explain/explanation.ts'
import { activityStepSchema } from '../activity/series.ts'
import { activityTotalSchema } from '../activity/totals.ts'
import { auditSchema } from '../audit/routes.ts'
import { verificationSchema } from '../audit/verify.ts'
import { denyRowSchema } from '../deny/deny-docs.ts'
import { instanceSchema } from '../instances/routes.ts'
import { exposedSchema } from '../keys/exposed/routes.ts'
import { importResultSchema } from '../keys/import/routes.ts'
import { keySchema } from '../keys/key-object.ts'
import { usedPermissionSchema } from '../keys/used-permissions.ts'
import { merchantSchema } from '../merchants/routes.ts'
import { apiPermissionsSchema } from '../permissions/routes.ts'
import { operatorSchema } from '../operators/routes.ts'
import { sessionSchema, signedSchema, userSchema } from '../people/signed-object.ts'
import { quotaUsageSchema } from '../quotas/routes.ts'
import { requestSchema } from '../requests/request-object.ts'
import { invitationSchema, memberSchema } from '../team/routes.ts'
import { tokenSchema } from '../tokens/token-object.ts'
import { pendingSchema, timeSchema } from './route-doc.ts'

/** The shape of every error, but for a client that prefers application/problem+json (RFC 9457). */
export const errorSchema = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    request_id: Type.String(),
    made_at: Type.Optional(
      Type.Union([timeSchema, Type.Null()], {
        description: 'Of a request that is not kept: when its id was made; null: the id does not say',
      }),
    ),
    details: Type.Optional(
      Type.Array(
        Type.Object({
          line: Type.Optional(Type.Integer({ description: 'Of a body of lines, from 1' })),
          path: Type.String({ description: 'JSON pointer into the body, or a query parameter or header' }),
          message: Type.String(),
        }),
      ),
    ),
  }),
})

export const components = {
  Error: errorSchema,
  Merchant: merchantSchema,
  Key: keySchema,
  ImportResult: importResultSchema,
  Exposed: exposedSchema,
  UsedPermission: usedPermissionSchema,
  Activity: activitySchema,
  ActivityStep: activityStepSchema,
  Explanation: explanationSchema,
  ActivityTotal: activityTotalSchema,
  QuotaUsage: quotaUsageSchema,
  KeptRequest: requestSchema,
  AuditEntry: auditSchema,
  AuditVerification: verificationSchema,
  ApiPermissions: apiPermissionsSchema,
  Instance: instanceSchema,
  Denied: denyRowSchema,
  AdminToken: tokenSchema,
  Operator: operatorSchema,
  Member: memberSchema,
  Invitation: invitationSchema,
  User: userSchema,
  Signed: signedSchema,
  Session: sessionSchema,
  Pending: pendingSchema,
} as const

export const componentNames: ReadonlyMap<object, string> = new Map(
  Object.entries(components).map(([name, schema]) => [schema, name]),
)
