// `hub` of gateway.yaml: people's accounts and what they sign in to.

import { Type } from 'typebox'
import { Oidc } from './oidc-schema.ts'
import { closed, Duration, Text } from './schema-fields.ts'

const Mail = Type.Object(
  {
    from: Text('Who the mails are from: an address, or a name and one.', {
      expects: 'an address such as no-reply@example.com or `Example <no-reply@example.com>`',
      example: 'Example <no-reply@example.com>',
    }),
    smtp: Text(
      'The mail server, smtp:// (STARTTLS, without which nothing is sent beyond this machine) or smtps://, with `user:password@` before the host where it wants them. `?requireTLS=false` behind it: STARTTLS where the server has it, else in clear; not with a password.',
      { expects: 'an smtp:// or smtps:// URL', example: '${SMTP_URL}' },
    ),
  },
  {
    ...closed,
    description:
      'How invitations and links for passwords are sent. Left out: whoever makes one is shown the link, and hands it on.',
  },
)

const Sessions = Type.Object(
  {
    idle: Duration({
      default: '12h',
      description: 'A session that is not used for this long has ended.',
    }),
    absolute: Duration({
      default: '7d',
      description: 'A session ends after this long, however much it is used.',
    }),
    command_line: Duration({
      default: '12h',
      description: 'How long `latchkey login` signs a command line in for, however much it is used.',
    }),
  },
  { ...closed, default: {}, description: 'How long people stay signed in.' },
)

/** Left out: no accounts, and none of the paths below /hub/v1. */
export const HubSection = Type.Object(
  {
    mail: Type.Optional(Mail),
    sessions: Sessions,
    oidc: Oidc,
    path: Type.String({
      pattern: '^(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$',
      maxLength: 200,
      default: '',
      expects: 'a path such as /hub, without a slash at its end',
      examples: ['/hub'],
      description:
        'A prefix that a proxy in front takes away: links in mails, and where other providers send people back to, are made with it behind `control.public_url`. The pages themselves find it by their own address.',
    }),
  },
  {
    ...closed,
    description:
      'People: accounts of operators and of members of merchants, who sign in at `control.public_url`. Left out: there are none, and none of the paths.',
  },
)
