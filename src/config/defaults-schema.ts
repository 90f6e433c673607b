// The schema of what an API says for all of its routes, and a route for itself.

import { Type } from 'typebox'
import { closed, Duration, SizeOrNone, Timeout } from './schema-fields.ts'
import { trailingSlashes } from './trailing-slash.ts'

/** Of the answers of upstreams. */
export const ResponseLimits = Type.Object(
  {
    max_body: Type.Optional(
      SizeOrNone({
        description:
          'Largest body of an answer. One that says that it is larger is 502 `UPSTREAM_ERROR`; one that grows beyond it, too, where nothing of it has gone out yet, and is cut otherwise.',
        examples: ['10mb'],
      }),
    ),
    idle_timeout: Type.Optional(
      Duration({
        description:
          'Longest pause between bytes of an answer. Left out: `gateway.limits.idle_timeout`. For streams of events that are silent for longer.',
        examples: ['10m'],
      }),
    ),
  },
  { ...closed, description: 'Limits on what upstreams answer.' },
)

/** What the routes of an API have that say nothing of their own. */
export const routeDefaults = {
  timeout: Timeout({
    default: 'none',
    examples: ['60s'],
    description: 'In place of the upstream’s timeout, for routes that have none. `none`: the upstream’s.',
  }),
  max_body: SizeOrNone({
    default: 'none',
    description: 'Largest body of a request, for routes that say nothing of it; beyond it 413.',
    examples: ['1mb'],
  }),
  response: Type.Optional(ResponseLimits),
  trailing_slash: Type.Enum([...trailingSlashes], {
    default: 'strict',
    expects: '`strict` or `same`',
    description:
      'Whether `/x/` is the path `/x`: `strict`, it is another; `same`, each route is for both, whether or not its template ends with a slash. What is sent on is what the client sent. `same` is for an upstream that ' +
      'makes no difference either.',
  }),
}
