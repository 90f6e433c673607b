// `control.audit_sink` of gateway.yaml: where the audit is copied to as it grows.

import { Type } from 'typebox'
import { closed, Duration, Text, token } from './schema-fields.ts'

export const AuditSinkSection = Type.Object(
  {
    url: Type.Optional(
      Text(
        'Takes POSTs of JSON Lines, application/x-ndjson, and answers 2xx when it has them. It may be on a private network.',
        { expects: 'an http:// or https:// URL', example: 'https://siem.internal/ingest/latchkey' },
      ),
    ),
    headers: Type.Record(Type.String(), Text('Value of the header.'), {
      propertyNames: { pattern: token, expects: 'a header name' },
      default: {},
      examples: [{ Authorization: 'Bearer ${SIEM_TOKEN}' }],
      description: 'Headers of each POST, for instance what the sink knows the platform by.',
    }),
    ca: Type.Optional(
      Text('PEM bundle of the authorities to trust, and no others, for an https:// URL.', {
        example: 'siem-ca.pem',
      }),
    ),
    timeout: Duration({ default: '15s', description: 'For one POST, answer included.' }),
    file: Type.Optional(
      Text(
        'A regular file that JSON Lines are added to, instead of `url`; it may be moved away at any time. Nothing is copied to a pipe, a device or /dev/stdout (`not_a_regular_file` in the log).',
        { example: '/var/log/latchkey/audit.jsonl' },
      ),
    ),
  },
  {
    ...closed,
    description:
      'Where every entry of the audit is copied to, once at least and in the order of its chain: `url` or `file`. Left out: nowhere.',
  },
)
