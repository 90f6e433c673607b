// Where webhooks may be sent to besides the public internet (control/webhooks/).

import { Type } from 'typebox'
import { closed } from './schema-fields.ts'

/** `webhooks` in gateway.yaml. */
export const WebhooksSection = Type.Object(
  {
    allow: Type.Array(Type.String({ expects: 'an IP address or a CIDR block' }), {
      default: [],
      examples: [['10.20.0.0/16']],
      description:
        'Addresses and CIDR blocks that webhooks may be sent to although they are no public ones; there http:// is taken, too. None by default: an endpoint that resolves to this machine or its network is not connected to.',
    }),
  },
  {
    ...closed,
    default: {},
    description: 'Messages to the servers of merchants and operators about their keys.',
  },
)
