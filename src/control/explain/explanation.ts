// A decision as the admin API tells it: what `config explain --json` has, without the headers.

import { Type } from 'typebox'

const orNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

export const explanationSchema = Type.Object({
  decision: Type.Enum(['allow', 'deny']),
  code: orNull('null: allowed'),
  status: Type.Union([Type.Integer(), Type.Null()]),
  reason: orNull('As log and metric have it'),
  hint: orNull('What the client is told beside the message of the code'),
  api: orNull('null: none is served under this host'),
  environment: orNull('That it would be sent to'),
  upstream: orNull('null: none is asked'),
  sent_path: orNull('The path as the upstream is sent it'),
  route: Type.Union([
    Type.Object({ template: Type.String(), source: Type.String({ description: '`file:line:col`' }) }),
    Type.Null(),
  ]),
  required: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: 'Empty: public; null: no route',
  }),
  match: Type.Union([Type.Enum(['all', 'any', 'none']), Type.Null()]),
  limits: Type.Array(
    Type.Object({
      kind: Type.Enum(['quota', 'rate']),
      name: Type.String(),
      per: Type.Enum(['key', 'merchant', 'client']),
      rate: Type.Union([Type.String(), Type.Null()]),
      burst: Type.Union([Type.Integer(), Type.Null()]),
      requests: Type.Union([Type.Integer(), Type.Null()], { description: 'In a calendar month, of a quota' }),
      shadow: Type.Boolean(),
    }),
    {
      description: 'Limits that count the request, as the file says them, in the order in which they refuse',
    },
  ),
  held: Type.Union([Type.Array(Type.String()), Type.Null()], { description: 'null: no key' }),
})
