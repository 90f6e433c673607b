// What the access log says of paths (gateway/record/).

import { type Static, Type } from 'typebox'
import { closed } from './schema-fields.ts'

/** `log` in gateway.yaml. */
export const LogSection = Type.Object(
  {
    paths: Type.Enum(['unmatched', 'all', 'none'], {
      default: 'unmatched',
      expects: '`unmatched`, `all` or `none`',
      description:
        'Of which requests the access log has the path, without its query: those that no route matched, all, or none. What begins like a key is masked.',
    }),
  },
  { ...closed, default: {}, description: 'What the access log says.' },
)

export type LogPaths = Static<typeof LogSection>['paths']
