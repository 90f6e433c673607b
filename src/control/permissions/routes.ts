// The vocabulary that keys are made from: every API's permissions, as the table in force has them, what each opens, and how
// a key is sent.

import { type Static, Type } from 'typebox'
import type { Allowance, Api, Route } from '../../config/compiled.ts'
import { seesApi } from '../../store/scope.ts'
import { memberReaders } from '../callers/access.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { listOf } from '../openapi/route-doc.ts'

const routeSchema = Type.Object({
  method: Type.String(),
  path: Type.String({ description: 'Its template' }),
  need: Type.Enum(['public', 'all', 'any'], {
    description: '`public`: no key; else whether all of the permissions are needed, or any of them',
  }),
  permissions: Type.Array(Type.String()),
  source: Type.Optional(Type.String({ description: '`file:line:col` in its table; not for members' })),
})

const rateLimitSchema = Type.Object({
  name: Type.String(),
  per: Type.String({ description: 'What it counts by' }),
  rate: Type.String({ description: 'Such as `100/min`' }),
  burst: Type.Integer(),
  plans: Type.Record(Type.String(), Type.String(), {
    description: 'By name of a plan: its rate, for merchants that have it',
  }),
})

const quotaSchema = Type.Object({
  name: Type.String(),
  per: Type.Enum(['merchant', 'key']),
  requests: Type.Integer({ description: 'In a calendar month (UTC)' }),
  plans: Type.Record(Type.String(), Type.Integer(), { description: 'By name of a plan' }),
})

export const apiPermissionsSchema = Type.Object({
  api: Type.String(),
  environments: Type.Array(Type.String()),
  permissions: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
  hosts: Type.Optional(
    Type.Record(Type.String(), Type.Array(Type.String()), {
      description: 'With `with=routes`: by environment',
    }),
  ),
  credential: Type.Optional(
    Type.Object(
      {
        header: Type.Union([Type.String(), Type.Null()], { description: 'That takes a key' }),
        bearer: Type.Boolean({ description: 'Whether `Authorization: Bearer` takes one' }),
      },
      { description: 'With `with=routes`' },
    ),
  ),
  takes_tokens: Type.Optional(
    Type.Boolean({ description: 'With `with=routes`: access tokens of the authorization server, too' }),
  ),
  rate_limits: Type.Optional(
    Type.Array(rateLimitSchema, { description: 'With `with=routes`; not for members' }),
  ),
  quotas: Type.Optional(Type.Array(quotaSchema, { description: 'With `with=routes`; not for members' })),
  routes: Type.Optional(Type.Array(routeSchema, { description: 'With `with=routes`' })),
})

const query = Type.Object({ with: Type.Optional(Type.Literal('routes')) }, { additionalProperties: false })

const doc = {
  summary: 'The permissions of every API, and the routes that they open',
  status: 200,
  answer: Type.Intersect([
    listOf(apiPermissionsSchema),
    Type.Object({
      plans: Type.Optional(
        Type.Array(Type.String(), { description: 'With `with=routes`; not for members: plans of the file' }),
      ),
    }),
  ]),
} as const

export function servePermissions(app: ControlApp, deps: AdminDeps): void {
  app.get('/permissions', { schema: { querystring: query }, config: { doc } }, async (request) => {
    const apis = [...deps.table().apis.values()].filter(({ name }) => seesApi(request.caller.scope, name))
    const hasRoutes = request.query.with === 'routes'
    const isMember = isMemberKind(request.caller.kind)
    const data = apis.map((api) => ({ ...vocabularyOf(api), ...(hasRoutes && useOf(api, !isMember)) }))
    const plans = hasRoutes && !isMember && { plans: [...deps.table().plans].toSorted() }
    return { data, next_cursor: null, ...plans }
  })
}

type ApiPermissions = Static<typeof apiPermissionsSchema>

function vocabularyOf(api: Api): ApiPermissions {
  return {
    api: api.name,
    environments: api.environments.map(({ name }) => name),
    permissions: [...api.permissions].map(([name, description]) => ({ name, description })),
  }
}

function isMemberKind(kind: string): boolean {
  return memberReaders.some((one) => one === kind)
}

/** What a key opens, where, and how it is sent. */
function useOf(api: Api, isOperator: boolean): Partial<ApiPermissions> {
  const { header, bearer } = api.credential
  return {
    hosts: Object.fromEntries(api.environments.map(({ name, hosts }) => [name, [...hosts]])),
    credential: { header, bearer },
    takes_tokens: api.oauth !== null,
    routes: api.routes.map((route) => ({
      ...routeObject(route),
      ...(isOperator && { source: route.source }),
    })),
    ...(isOperator && {
      rate_limits: api.rateLimits.map(limitObject),
      quotas: api.quotas.map(quotaObject),
    }),
  }
}

const unitOf: Readonly<Record<number, string>> = { 1: 's', 60: 'min', 3600: 'h', 86400: 'd' }

function limitObject({ name, per, allowance, ofPlans }: Api['rateLimits'][number]) {
  const plans = Object.fromEntries([...ofPlans].map(([plan, one]) => [plan, rateOf(one)]))
  return { name, per, rate: rateOf(allowance), burst: allowance.burst, plans }
}

function rateOf({ quota, windowSeconds }: Allowance): string {
  return `${quota}/${unitOf[windowSeconds] ?? `${windowSeconds}s`}`
}

function quotaObject({ name, per, requests, ofPlans }: Api['quotas'][number]) {
  return { name, per, requests, plans: Object.fromEntries(ofPlans) }
}

function routeObject({ method, template, requirement }: Route): Static<typeof routeSchema> {
  const permissions = requirement.kind === 'public' ? [] : [...requirement.permissions]
  return { method, path: template, need: requirement.kind, permissions }
}
