// The schema of an API's environments: one or more, with names of one's own.

import { Type } from 'typebox'
import { environmentName } from '../credentials/environment.ts'
import { Exposed } from './scanning-schema.ts'
import { closed, Text } from './schema-fields.ts'

const Environment = Type.Object(
  {
    hosts: Type.Array(Type.String({ minLength: 1, expects: 'a host name or `*`' }), {
      minItems: 1,
      expects: 'a list of at least one host name',
      examples: [['api.flintn.com']],
      description: 'Host names without port; `*` stands for every other host.',
    }),
    prefix: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      expects: '1 to 64 of A-Z, a-z, 0-9, `_` and `-`',
      examples: ['pk_live_'],
      description: 'What every key of this environment begins with.',
    }),
    upstream: Text('Name of one of the upstreams.', { example: 'payments' }),
    exposed: Exposed,
  },
  closed,
)

export const Environments = Type.Record(Type.String(), Environment, {
  propertyNames: environmentName,
  minProperties: 1,
  description:
    'The environments of the API, one at least, by name, such as `live` and `sandbox`. The name stands in each key that is made: ' +
    'under another one those are refused. Where it matters which comes first, `live` does, else the first of the file.',
})
