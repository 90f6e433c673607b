// The schema of case files: requests, who sends them, and what the table must say to them.

import { type Static, Type } from 'typebox'
import { environmentName } from '../credentials/environment.ts'
import { closed, Text } from './schema-fields.ts'

const Names = (description: string) =>
  Type.Array(Text('Name of a permission.', { expects: 'the name of a permission' }), {
    uniqueItems: true,
    expects: 'a list of permissions',
    description,
  })

const EnvironmentName = (description: string) => Type.String({ ...environmentName, description })

const Who = Type.Union(
  [
    Type.Enum(['none', 'all'], { description: '`none`: no key. `all`: a key with full access.' }),
    Names('What the key holds; `[]`: a key that holds nothing.'),
    Type.Object(
      {
        permissions: Type.Optional(Names('What the key holds.')),
        all_but: Type.Optional(Names('The key holds all permissions of the API but these.')),
        environment: Type.Optional(
          EnvironmentName('Of which environment the key is; else of the host’s first.'),
        ),
        api: Type.Optional(Text('Of which API the key is; else of the host’s.')),
      },
      closed,
    ),
  ],
  {
    default: 'none',
    expects: '`none`, `all`, a list of permissions, or a mapping with `permissions` or `all_but`',
    description: 'Who sends the request; no key unless said.',
  },
)

const Expected = Type.Union(
  [
    Text('`allow`, `deny`, or the code of an error.'),
    Type.Object(
      {
        decision: Type.Optional(Type.Enum(['allow', 'deny'], { description: 'Forwarded, or refused.' })),
        code: Type.Optional(Text('Code of the error; with it the request is refused.')),
        route: Type.Optional(Text('`METHOD /path/{template}` of the route that decides.')),
        environment: Type.Optional(EnvironmentName('Environment that is chosen.')),
        upstream: Type.Optional(Text('Upstream that the request goes to.')),
        limit: Type.Optional(Text('Name of the rate limit or quota that is used up.')),
      },
      { ...closed, minProperties: 1 },
    ),
  ],
  {
    expects:
      '`allow`, `deny`, an error’s code, or a mapping with decision, code, route, environment, upstream, limit',
    description: 'What the gateway must decide.',
  },
)

const Case = Type.Object(
  {
    name: Type.Optional(Text('What the case is about; else its request is shown.')),
    request: Text('`METHOD /path`, or `METHOD https://host/path`.', {
      expects: '`METHOD /path` or `METHOD https://host/path`',
    }),
    host: Type.Optional(Text('Host of a request that has a path alone.')),
    who: Who,
    times: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'So often at once, after a quiet month: rate limits and quotas count, and what is expected is of the last one.',
      }),
    ),
    expect: Expected,
  },
  closed,
)

/** The list of cases. */
export const CaseList = Type.Array(Case, {
  minItems: 1,
  expects: 'a list of at least one case',
  description: 'Requests, who sends them, and what must be decided.',
})
export type CaseList = Static<typeof CaseList>

/** The list with what holds for all of them. */
export const CaseFile = Type.Object(
  {
    host: Type.Optional(
      Text(
        'Host of requests that have a path alone; else the first of the first API: of `live`, or of its first environment.',
      ),
    ),
    cases: CaseList,
  },
  closed,
)
export type CaseFile = Static<typeof CaseFile>

/** Either form, for editors. */
export const AnyCaseFile = Type.Union([CaseFile, CaseList])
