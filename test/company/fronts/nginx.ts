// nginx, as a proxy of requests and as one of connections.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FrontProgram } from './front.ts'

// Else it would give up root for a user that may not read its folder.
const asRoot = process.getuid?.() === 0 ? 'user root;' : ''
export const nginxPrelude = `daemon off; master_process off; pid nginx.pid; error_log stderr crit; ${asRoot}
events { worker_connections 512; }`
export const nginxFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
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

/** Hands connections on, and says whose they are by the PROXY protocol. */
const stream: FrontProgram = {
  name: 'nginx, stream with proxy_protocol',
  source: { kind: 'debian', packages: ['nginx', 'libnginx-mod-stream'], file: 'nginx', isLibrary: true },
  version: ['-v'],
  gateway: ', proxy_protocol: true',
  command: ({ port, folder, program, target, isBare }) => {
    const module = join(program.root, 'usr/lib/nginx/modules/ngx_stream_module.so')
    return {
      args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
      files: {
        'temp/.keep': '',
        'nginx.conf': `${existsSync(module) ? `load_module ${module};` : ''}
${nginxPrelude}
stream {
  server {
    listen 127.0.0.1:${port};
    proxy_pass 127.0.0.1:${target};
    proxy_protocol ${isBare ? 'off' : 'on'};
    # Else the end of an answer is taken for the end of the request that is still coming.
    proxy_half_close on;
  }
}
`,
      },
    }
  },
}

export const nginxFronts: readonly FrontProgram[] = [
  nginx('nginx', ''),
  nginx('nginx, proxy_request_buffering off', 'proxy_request_buffering off;'),
  stream,
]
