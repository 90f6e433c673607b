// Proxies and caches as servers: each stands before Node's http, as an upstream that is itself more than one program.

import { fronts } from '../fronts/all.ts'
import type { FrontProgram } from '../fronts/front.ts'
import type { ServerProgram } from './server.ts'

const taken: readonly string[] = [
  'nginx, proxy_request_buffering off',
  'HAProxy',
  'Apache httpd',
  'Squid',
  'Varnish',
]

const asServer = ({ name, source, version, command }: FrontProgram): ServerProgram => ({
  name: `${name}, before Node's http`,
  source,
  ...(version !== undefined && { version }),
  isBefore: true,
  command: ({ target = 0, ...place }) => {
    const whole = { ...place, target, isBare: true }
    return command(whole)
  },
})

export const proxiedServers: readonly ServerProgram[] = fronts
  .filter(({ name }) => taken.includes(name))
  .map(asServer)
