// The schema of permission tables: one API's vocabulary and routes.

import { type Static, Type } from 'typebox'
import { environmentName } from '../credentials/environment.ts'
import { ResponseLimits } from './defaults-schema.ts'
import { escapeNames } from './request/escapes.ts'
import { methods } from './template.ts'
import { closed, SizeOrNone, Text, Timeout } from './schema-fields.ts'

const PermissionList = (description: string) =>
  Type.Array(Text('Name of a permission.', { expects: 'the name of a permission' }), {
    minItems: 1,
    uniqueItems: true,
    expects: 'a list of at least one permission',
    examples: [['transaction.read', 'transaction.search']],
    description,
  })

const RouteRule = Type.Object(
  {
    permission: Type.Optional(
      Text('What the caller must hold; `public`: nothing.', { example: 'transaction.refund' }),
    ),
    all_of: Type.Optional(PermissionList('The caller must hold all of these.')),
    any_of: Type.Optional(PermissionList('The caller must hold at least one of these.')),
    timeout: Type.Optional(
      Timeout({
        description:
          'In place of the timeout of API and upstream. `none`: the upstream’s, whatever the API says.',
        examples: ['120s'],
      }),
    ),
    max_body: Type.Optional(
      SizeOrNone({
        description:
          'Largest body of a request; beyond it 413. Left out: the API’s, which is no limit unless said. `none`: no limit, whatever the API says.',
        examples: ['1mb'],
      }),
    ),
    response: Type.Optional(ResponseLimits),
    disguises: Type.Enum(['strict', 'exact'], {
      default: 'strict',
      description:
        'Which values of its parameters are refused because a server could read them as a literal beside them: `strict` ' +
        'also those with an ending (`.json`), trailing dots or blanks, or letters of other forms; `exact` only those that ' +
        'differ by escapes and case.',
    }),
    escapes: Type.Optional(
      Type.Array(Type.Enum([...escapeNames]), {
        minItems: 1,
        uniqueItems: true,
        expects: 'a list of `hash`, `question`, `percent`',
        examples: [['hash', 'question']],
        description:
          'Escapes that its parameters take, though every other path with them is refused: `hash` (%23), `question` (%3f), ' +
          '`percent` (%25). For an upstream that decodes a path once, after it has taken it apart.',
      }),
    ),
    upstream: Type.Optional(
      Type.Union(
        [
          Text('Name of one of the upstreams.'),
          Type.Record(Type.String(), Text('Name of one of the upstreams.'), {
            propertyNames: environmentName,
          }),
        ],
        {
          expects: 'the name of an upstream, or a mapping of environments to such names',
          examples: [{ live: 'reports', sandbox: 'reports-sandbox' }],
          description:
            'Where its requests go, in place of the environment’s upstream: one for all environments, or one for each.',
        },
      ),
    ),
    shadow: Type.Boolean({
      default: false,
      description: 'Only compared: the route is not there for clients, and what it would decide is logged.',
    }),
  },
  { ...closed, exactlyOne: ['permission', 'all_of', 'any_of'] },
)
export type RouteRule = Static<typeof RouteRule>

const RouteValue = Type.Union([Text('What the caller must hold; or `public`.'), RouteRule], {
  expects: 'a permission, `public`, or a mapping with one of permission, all_of, any_of',
})

/** A permission table: one API's vocabulary and routes. */
export const PermissionFile = Type.Object(
  {
    permissions: Type.Record(Type.String(), Text('What people see of the permission.'), {
      propertyNames: {
        pattern: '^(?!public$)[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$',
        expects: 'a permission name of letters, digits, `_`, `.`, `:` and `-`, other than `public`',
      },
      minProperties: 1,
      description: 'The whole vocabulary of the API: permission → the text that people see.',
    }),
    routes: Type.Record(Type.String(), RouteValue, {
      editorKeys: `^(?:${methods.join('|')}) +/`,
      description:
        '`METHOD /path/{template}` → what the caller must hold. A segment may be `{name}`, have literals around it (`{id}:refund`), and the last one `{name...}`.',
    }),
  },
  closed,
)
export type PermissionFile = Static<typeof PermissionFile>
