// Caches, told to keep nothing: what is asked here is asked of what is behind them.

import { join } from 'node:path'
import type { FrontProgram } from './front.ts'

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

export const cacheFronts: readonly FrontProgram[] = [squid, varnish]
