// Caches, told to keep nothing: what is asked here is asked of what is behind them.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FrontProgram } from './front.ts'

// It does not run as root, and then may not read its folder.
const asNobody = process.getuid?.() === 0 ? 'cache_effective_user nobody' : ''

const squid: FrontProgram = {
  name: 'Squid',
  source: { kind: 'debian', packages: ['squid'], file: 'squid' },
  version: ['-v'],
  leftovers: ({ port }) =>
    ['metadata', 'queues', 'readers'].map((name) => `/dev/shm/front${port}-cf__${name}.shm`),
  command: ({ port, folder, program, target }) => {
    const share = join(program.root, 'usr/share/squid')
    return {
      // Its shared memory is named for its service.
      args: ['-N', '-n', `front${port}`, '-f', join(folder, 'squid.conf')],
      files: {
        'squid.conf': `http_port 127.0.0.1:${port} accel defaultsite=api.flintn.com vhost
cache_peer 127.0.0.1 parent ${target} 0 no-query originserver name=behind
http_access allow all
cache deny all
icon_directory ${share}/icons
error_directory ${share}/errors/templates
mime_table ${share}/mime.conf
pid_filename ${folder}/squid.pid
coredump_dir ${tmpdir()}
collapsed_forwarding off
memory_cache_shared off
shared_transient_entries_limit 0
cache_log /dev/null
access_log none
reply_header_access X-Cache-Lookup deny all
${asNobody}
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
