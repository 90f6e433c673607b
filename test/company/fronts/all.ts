// Front proxies, each with what its documentation says to write for a service behind it.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { appFile } from '../programs/run.ts'
import type { FrontPlace, FrontProgram } from './front.ts'

const nginxPrelude = `daemon off; master_process off; pid nginx.pid; error_log stderr crit; user root;
events { worker_connections 512; }`
const nginxFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `  ${name}_temp_path temp/${name};`)
  .join('\n')

const nginx = (name: string, location: string): FrontProgram => ({
  name,
  source: { kind: 'debian', packages: ['nginx'], file: 'nginx' },
  version: ['-v'],
  hasId: true,
  command: ({ port, folder, target }) => ({
    args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
    files: {
      'temp/.keep': '',
      'nginx.conf': `${nginxPrelude}
http {
  access_log off;
${nginxFolders}
  client_max_body_size 0;
  upstream behind { server 127.0.0.1:${target}; keepalive 16; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      ${location}
    }
  }
}
`,
    },
  }),
})

const haproxy = (
  name: string,
  server: string,
  more: Partial<FrontProgram> & { readonly forwardFor: boolean },
): FrontProgram => {
  const { forwardFor, ...rest } = more
  return {
    name,
    source: { kind: 'debian', packages: ['haproxy'], file: 'haproxy' },
    version: ['-v'],
    hasId: true,
    ...rest,
    command: ({ port, folder, target }) => ({
      args: ['-db', '-f', join(folder, 'haproxy.cfg')],
      files: {
        'haproxy.cfg': `defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  ${forwardFor ? 'option forwardfor' : ''}
frontend front
  bind 127.0.0.1:${port}
  unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid
  unique-id-header X-Request-Id
  default_backend behind
backend behind
  server one 127.0.0.1:${target} ${server}
`,
      },
    }),
  }
}

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

const caddy: FrontProgram = {
  name: 'Caddy',
  source: { kind: 'debian', packages: ['caddy'], file: 'caddy' },
  version: ['version'],
  command: ({ port, folder, target }) => ({
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
}

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

const squid: FrontProgram = {
  name: 'Squid',
  source: { kind: 'debian', packages: ['squid'], file: 'squid' },
  version: ['-v'],
  command: ({ port, folder, program, target }) => {
    const share = join(program.root, 'usr/share/squid')
    return {
      args: ['-N', '-f', join(folder, 'squid.conf')],
      files: {
        'mime.conf': '',
        'squid.conf': `http_port 127.0.0.1:${port} accel defaultsite=api.flintn.com vhost
cache_peer 127.0.0.1 parent ${target} 0 no-query originserver name=behind
http_access allow all
cache deny all
icon_directory ${share}/icons
error_directory ${share}/errors/templates
mime_table ${folder}/mime.conf
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
cache_log /dev/null
access_log none
cache_effective_user root
pinger_enable off
unlinkd_program ${join(program.root, 'usr/lib/squid/unlinkd')}
visible_hostname squid
shutdown_lifetime 0
`,
      },
    }
  },
}

const varnish: FrontProgram = {
  name: 'Varnish',
  source: { kind: 'debian', packages: ['varnish'], file: 'varnishd' },
  version: ['-V'],
  command: ({ port, folder, program, target }) => ({
    args: [
      ...['-F', '-n', join(folder, 'work'), '-a', `127.0.0.1:${port}`, '-f', join(folder, 'front.vcl')],
      ...[
        '-j',
        'none',
        '-p',
        `vmod_path=${join(program.root, 'usr/lib/varnish/vmods')}`,
        '-s',
        'default,16m',
      ],
    ],
    files: {
      'front.vcl': `vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "${target}"; }
sub vcl_recv { return (pass); }
`,
    },
  }),
}

/** A proxy for Node, of proxy_front.cjs. */
const inNode = (name: string, packages?: readonly string[]): FrontProgram => ({
  name,
  source: packages === undefined ? { kind: 'checkout', package: name } : { kind: 'npm', packages },
  command: ({ port, target, program }: FrontPlace) => ({
    args: [
      appFile('proxy_front.cjs'),
      name,
      String(port),
      String(target),
      program.root === '/' ? fileURLToPath(import.meta.url) : join(program.root, 'x.cjs'),
    ],
  }),
})

export const fronts: readonly FrontProgram[] = [
  { ...nginx('nginx', ''), isQuick: true },
  nginx('nginx, proxy_request_buffering off', 'proxy_request_buffering off;'),
  haproxy('HAProxy', '', { forwardFor: true, isQuick: true }),
  haproxy('HAProxy, send-proxy-v2', 'send-proxy-v2', {
    forwardFor: false,
    gateway: ', proxy_protocol: true',
  }),
  apache,
  lighttpd,
  caddy,
  h2o,
  squid,
  varnish,
  inNode('http-proxy-3'),
  inNode('http-proxy', ['http-proxy@1.18.1']),
  inNode('@fastify/http-proxy'),
]
