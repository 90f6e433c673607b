// The OpenAPI 3.1 document (its schemas are JSON Schema 2020-12), made from the routes as they are registered.

import type { RouteOptions } from 'fastify'
import { catalogue, type ErrorCode } from '../../errors/catalogue.ts'
import { accessOf, adminPath, documentedPath } from '../callers/access.ts'
import { nameRule } from '../name-rule.ts'
import { cookieName } from '../people/session-secret.ts'
import { componentNames, components } from './components.ts'
import { type RequestHeader, requestHeaders, type RouteDoc } from './route-doc.ts'

/** What the document is made from: a route of one method. */
export interface DocumentedRoute {
  readonly method: string
  /** As registered: `/admin/v1/keys/:id`. */
  readonly url: string
  readonly schema: RouteOptions['schema']
  readonly doc: RouteDoc | undefined
}

const belowAdmin = `${adminPath}/`

const callersText =
  'A token of LATCHKEY_ADMIN_TOKEN (`static` in `x-callers`), or one that POST /admin/v1/tokens made, of the role named there. ' +
  'Sessions of operators have the same roles, those of members `member_admin` and `member_viewer`. `x-reach: whole`: not for ' +
  'tokens of one merchant or one API, nor for members; `team`: not for such tokens.'

const sessionText =
  `Of somebody who has signed in (POST /hub/v1/session), where there is a hub; over https \`${cookieName(true)}\`. What changes ` +
  'something needs `X-CSRF-Token`, with what that answer has as `csrf`, and an `Origin` of the hub.'

const signatureText =
  'Of the body as it is sent, by one of `control.secret_scanning`, whose identifier is in Github-Public-Key-Identifier: ECDSA over P-256 with SHA-256, DER, base64.'

/** The whole document; routes in the order of their registration. */
export function openApiDocument(routes: readonly DocumentedRoute[], publicUrl: string | null): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = documentedPath(route.url)
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, path) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey admin API',
      version: '1',
      // As package.json says: which one it is to be is the owner's to choose.
      license: { name: 'UNLICENSED', identifier: 'LicenseRef-UNLICENSED' },
      description: 'Merchants, keys and what becomes of them. Unknown members and wrong types are refused.',
    },
    servers: [{ url: publicUrl ?? '/' }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: callersText },
        session: { type: 'apiKey', in: 'cookie', name: cookieName(false), description: sessionText },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Github-Public-Key-Signature',
          description: signatureText,
        },
      },
      schemas: Object.fromEntries(
        Object.entries(components).map(([name, schema]) => [name, referring(schema, name)]),
      ),
    },
  }
}

function operationOf(route: DocumentedRoute, path: string): object {
  const { doc, schema, method } = route
  const isAdmin = route.url.startsWith(belowAdmin)
  return {
    operationId: operationIdOf(method, path),
    tags: [
      isAdmin
        ? (path.slice(belowAdmin.length).split('/')[0] ?? '')
        : path.startsWith('/hub/')
          ? 'hub'
          : 'process',
    ],
    summary: doc?.summary ?? '',
    // Said of those without a token too, so that nobody takes it for forgotten.
    security: [
      ...(isAdmin ? [{ token: [] }, ...signersOf(route)] : []),
      ...(isAdmin || doc?.isOfSession ? [{ session: [] }] : []),
    ],
    ...callersOf(route),
    parameters: [
      ...parametersOf(schema?.params, 'path'),
      ...parametersOf(schema?.querystring, 'query'),
      ...(doc?.headers ?? []).map(headerParameter),
    ],
    ...bodyOf(route),
    responses: { ...answerOf(doc), ...errorAnswers(errorsOf(route, isAdmin)) },
  }
}

/** Who has no token and signs the body. */
function signersOf({ method, url }: DocumentedRoute): object[] {
  return accessOf(method, url)?.signed ? [{ signature: [] }] : []
}

/** Who may call it: those who see a part of the installation only where it says so. */
function callersOf({ method, url }: DocumentedRoute): object {
  const line = accessOf(method, url)
  return line === undefined ? {} : { 'x-callers': line.may, 'x-reach': line.reach }
}

function operationIdOf(method: string, path: string): string {
  const words = path.replace(belowAdmin, '').match(/[A-Za-z0-9]+/g) ?? []
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parametersOf(schema: unknown, place: 'path' | 'query'): object[] {
  const { properties = {}, required = [] } = Object(schema) as {
    properties?: Record<string, object>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, member]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: referring(member),
  }))
}

function headerParameter(name: RequestHeader): object {
  return {
    name,
    in: 'header',
    required: false,
    description: requestHeaders[name],
    schema: { type: 'string' },
  }
}

function bodyOf({ schema, doc }: DocumentedRoute): object {
  if (doc?.lines) {
    const { mediaType, schema: line } = doc.lines
    const described = { type: 'string', description: 'A JSON object a line, each of the schema in `x-line`' }
    return {
      requestBody: {
        required: true,
        content: { [mediaType]: { schema: { ...described, 'x-line': referring(line) } } },
      },
    }
  }
  const { properties = {}, required = [] } = Object(schema?.body) as {
    properties?: object
    required?: unknown[]
  }
  if (Object.keys(properties).length === 0) return {}
  const content = { 'application/json': { schema: referring(schema?.body) } }
  return { requestBody: { required: required.length > 0, content } }
}

function answerOf(doc: RouteDoc | undefined): Record<string, object> {
  if (!doc) return { 200: { description: 'Done', content: {} } }
  const content =
    typeof doc.answer === 'string'
      ? { [doc.answer]: { schema: { type: 'string' } } }
      : { 'application/json': { schema: referring(doc.answer) } }
  const replayed = { description: 'true: nothing was changed', schema: { type: 'string', const: 'true' } }
  const isRepeatable = doc.headers?.includes('Idempotency-Key') === true
  const headers = {
    'X-Request-Id': { schema: { type: 'string' } },
    ...(isRepeatable && { 'Idempotency-Replayed': replayed }),
  }
  return Object.fromEntries(
    [doc.status].flat().map((status) => [String(status), { description: doc.summary, headers, content }]),
  )
}

/** The codes that follow from where a route is and what it takes, and its own. */
function errorsOf({ doc, schema, url, method }: DocumentedRoute, isAdmin: boolean): readonly ErrorCode[] {
  const takesBody = schema?.body !== undefined || doc?.lines !== undefined
  const isChecked = takesBody || schema?.querystring !== undefined
  return [
    'BAD_REQUEST',
    ...(isAdmin || doc?.isOfSession ? (['UNAUTHORIZED'] as const) : []),
    ...(isAdmin ? (['FORBIDDEN'] as const) : url === '/livez' ? [] : (['UNKNOWN_HOST'] as const)),
    ...(method !== 'GET' && (isAdmin || url.startsWith('/hub/')) ? (['CSRF_REJECTED'] as const) : []),
    ...(schema?.params === undefined ? [] : (['NOT_FOUND'] as const)),
    ...(isChecked ? (['VALIDATION_FAILED'] as const) : []),
    ...(takesBody ? (['REQUEST_TIMEOUT', 'BODY_TOO_LARGE'] as const) : []),
    ...(doc?.errors ?? []),
    'INTERNAL_ERROR',
  ]
}

/** One answer a status, with all codes that share it. */
function errorAnswers(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const { status } = catalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, shared]) => {
      const code = { properties: { error: { properties: { code: { enum: shared } } } } }
      const schema = { allOf: [{ $ref: '#/components/schemas/Error' }, code] }
      const description = shared.map((one) => `\`${one}\`: ${catalogue[one].message}`).join('\n\n')
      return [String(status), { description, content: { 'application/json': { schema } } }]
    }),
  )
}

/** A copy of a schema in which named ones are referred to; `self`: the one that is being defined. */
function referring(schema: unknown, self?: string): unknown {
  if (Array.isArray(schema)) return schema.map((member) => referring(member))
  if (typeof schema !== 'object' || schema === null) return schema
  const name = componentNames.get(schema)
  if (name !== undefined && name !== self) return { $ref: `#/components/schemas/${name}` }
  // A rule of our own says to others what `maxLength` does.
  return Object.fromEntries(
    Object.entries(schema).map(([key, member]) => [key === nameRule ? 'maxLength' : key, referring(member)]),
  )
}
