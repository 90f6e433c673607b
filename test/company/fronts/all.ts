// Front proxies, each with what its documentation says to write for a service behind it.

import { cacheFronts } from './caches.ts'
import { envoyFronts } from './envoy.ts'
import type { FrontProgram } from './front.ts'
import { haproxyFronts } from './haproxy.ts'
import { nginxFronts } from './nginx.ts'
import { nodeFronts } from './node.ts'
import { webServerFronts } from './web-servers.ts'

export const fronts: readonly FrontProgram[] = [
  ...nginxFronts,
  ...haproxyFronts,
  ...envoyFronts,
  ...webServerFronts,
  ...cacheFronts,
  ...nodeFronts,
]
