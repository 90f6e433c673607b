// Servers of files that Debian packages.

import { join } from 'node:path'
import type { ServerProgram } from './server.ts'

const nginx: ServerProgram = {
  name: 'nginx',
  source: { kind: 'debian', packages: ['nginx'], file: 'nginx' },
  version: ['-v'],
  isQuick: true,
  probe: { reuse: 'all', why: /read every body/ },
  command: ({ port, docroot, folder }) => ({
    args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
    files: {
      'temp/.keep': '',
      'nginx.conf': `daemon off; master_process off; pid nginx.pid; error_log stderr crit; user root;
events { worker_connections 512; }
http {
  access_log off; default_type text/plain; gzip on; gzip_types text/plain; types { text/html html; }
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path temp/${name};`).join('\n')}
  client_max_body_size 1m;
  server {
    listen 127.0.0.1:${port}; root ${docroot};
    location = /v1/redirect { return 302 /v1/files/small.txt; }
    location = /v1/empty { return 204; }
    location = /v1/cookies { add_header Set-Cookie a=1; add_header Set-Cookie b=2; return 200 "ok\\n"; }
  }
}
`,
    },
  }),
}

const apache: ServerProgram = {
  name: 'Apache httpd',
  source: { kind: 'debian', packages: ['apache2-bin'], file: 'apache2' },
  version: ['-v'],
  probe: { reuse: 'all', why: /read every body/ },
  command: ({ port, docroot, folder, program }) => {
    const modules = join(program.root, 'usr/lib/apache2/modules')
    const names = ['mpm_event', 'authz_core', 'dir', 'mime', 'deflate', 'filter', 'alias', 'headers', 'cgi']
    return {
      args: ['-f', join(folder, 'httpd.conf'), '-DFOREGROUND'],
      files: {
        'mime.types': 'text/html html\ntext/plain txt\n',
        'httpd.conf': `ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
${names.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
TypesConfig mime.types
DocumentRoot ${docroot}
Redirect 302 /v1/redirect http://api.flintn.com/v1/files/small.txt
ScriptAlias /cgi-bin/ ${docroot}/cgi-bin/
AddOutputFilterByType DEFLATE text/html
LimitRequestBody 1048576
`,
      },
    }
  },
}

const lighttpd: ServerProgram = {
  name: 'lighttpd',
  source: { kind: 'debian', packages: ['lighttpd'], file: 'lighttpd' },
  version: ['-v'],
  isQuick: true,
  probe: { reuse: 'bodiless', why: /closes behind bodies/ },
  command: ({ port, docroot, folder, program }) => ({
    args: ['-D', '-f', join(folder, 'lighttpd.conf'), '-m', join(program.root, 'usr/lib/lighttpd')],
    files: {
      'lighttpd.conf': `server.document-root = "${docroot}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ( "mod_redirect", "mod_cgi" )
$HTTP["url"] =~ "^/cgi-bin/" { cgi.assign = ( ".cgi" => "" ) }
server.max-request-size = 1024
index-file.names = ( "index.html" )
mimetype.assign = ( ".html" => "text/html", ".txt" => "text/plain" )
url.redirect = ( "^/v1/redirect$" => "/v1/files/small.txt" )
`,
    },
  }),
}

const busybox: ServerProgram = {
  name: 'BusyBox httpd',
  source: { kind: 'debian', packages: ['busybox'], file: 'busybox' },
  version: ['--help'],
  isQuick: true,
  probe: { reuse: 'bodiless', why: /closes after each answer/ },
  command: ({ port, docroot }) => ({ args: ['httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', docroot] }),
}

const miniHttpd: ServerProgram = {
  name: 'mini-httpd',
  source: { kind: 'debian', packages: ['mini-httpd'], file: 'mini_httpd' },
  version: ['-V'],
  probe: { reuse: 'bodiless', why: /closes after each answer/ },
  command: ({ port, docroot }) => ({
    args: ['-D', '-h', '127.0.0.1', '-p', String(port), '-d', docroot, '-u', 'root', '-c', 'cgi-bin/*'],
  }),
}

const webfs: ServerProgram = {
  name: 'webfs',
  source: { kind: 'debian', packages: ['webfs'], file: 'webfsd' },
  version: ['-h'],
  command: ({ port, docroot }) => ({
    args: ['-F', '-i', '127.0.0.1', '-p', String(port), '-r', docroot, '-f', 'index.html', '-x', '/cgi-bin/'],
  }),
}

const merecat: ServerProgram = {
  name: 'merecat',
  source: { kind: 'debian', packages: ['merecat'], file: 'merecat' },
  version: ['-v'],
  command: ({ port, docroot, folder }) => ({
    args: ['-n', '-f', join(folder, 'merecat.conf'), docroot],
    files: {
      'merecat.conf': `port = ${port}
username = root
check-referer = false
cgi "/cgi-bin/*" { enabled = true }
`,
    },
  }),
}

const caddy: ServerProgram = {
  name: 'Caddy',
  source: { kind: 'debian', packages: ['caddy'], file: 'caddy' },
  version: ['version'],
  command: ({ port, docroot, folder }) => ({
    args: ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    files: {
      Caddyfile: `{
  admin off
  auto_https off
}
:${port} {
  bind 127.0.0.1
  root * ${docroot}
  encode gzip
  redir /v1/redirect /v1/files/small.txt 302
  respond /v1/empty 204
  request_body {
    max_size 1MB
  }
  file_server
}
`,
    },
  }),
}

const h2o: ServerProgram = {
  name: 'H2O',
  source: { kind: 'debian', packages: ['h2o'], file: 'h2o' },
  version: ['-v'],
  command: ({ port, docroot, folder }) => ({
    args: ['-m', 'worker', '-c', join(folder, 'h2o.conf')],
    files: {
      'h2o.conf': `listen: { host: 127.0.0.1, port: ${port} }
user: root
num-threads: 2
limit-request-body: 1048576
hosts:
  default:
    paths:
      /: { file.dir: ${docroot} }
`,
    },
  }),
}

const php: ServerProgram = {
  name: "PHP's built-in server",
  source: { kind: 'debian', packages: ['php8.2-cli'], file: 'php8.2' },
  version: ['-n', '-v'],
  probe: { reuse: 'bodiless', why: /closes after each answer/ },
  command: ({ port, docroot }) => ({ args: ['-n', '-S', `127.0.0.1:${port}`, '-t', docroot] }),
}

const civetweb: ServerProgram = {
  name: 'CivetWeb',
  source: { kind: 'debian', packages: ['civetweb'], file: 'civetweb' },
  version: ['-V'],
  command: ({ port, docroot }) => ({
    args: ['-listening_ports', `127.0.0.1:${port}`, '-document_root', docroot, '-enable_keep_alive', 'yes'],
  }),
}

export const classicServers: readonly ServerProgram[] = [
  nginx,
  apache,
  lighttpd,
  busybox,
  miniHttpd,
  webfs,
  merecat,
  caddy,
  h2o,
  php,
  civetweb,
]
