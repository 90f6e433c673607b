// Servers in other languages that Debian packages, and caches that stand before a server of ours.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { appFile } from '../programs/run.ts'
import type { ServerProgram } from './server.ts'

const ruby = (name: string, packages: readonly string[], file: string) =>
  ({ name, source: { kind: 'debian', packages, file }, version: ['--version'] }) as const

export const otherServers: readonly ServerProgram[] = [
  {
    name: 'uWSGI',
    source: { kind: 'debian', packages: ['uwsgi-core', 'uwsgi-plugin-python3'], file: 'uwsgi-core' },
    isProbed: true,
    command: ({ port, docroot, program }) => ({
      args: [
        ...['--plugins-dir', uwsgiPlugins(program.root), '--plugin', uwsgiPython(program.root)],
        ...['--http-socket', `127.0.0.1:${port}`, '--processes', '4', '--disable-logging'],
        ...['--pythonpath', appFile(''), '--module', 'wsgi_app', '--die-on-term'],
      ],
      env: { ROOT: docroot },
    }),
  },
  {
    ...ruby('WEBrick', ['ruby', 'ruby-webrick'], 'ruby'),
    isProbed: true,
    command: ({ port, docroot }) => ({
      args: [
        '--disable-gems',
        ...['-rwebrick', '-e'],
        `WEBrick::HTTPServer.new(BindAddress: '127.0.0.1', Port: ${port}, DocumentRoot: '${docroot}', AccessLog: [], Logger: WEBrick::Log.new(File::NULL)).start`,
      ],
    }),
  },
  {
    name: 'HTTP::Daemon',
    source: { kind: 'debian', packages: ['libhttp-daemon-perl'], file: 'perl', isLibrary: true },
    upstream: ', reuse: none, connections: 1',
    command: ({ port, docroot }) => ({ args: [appFile('http_daemon.pl'), String(port), docroot] }),
  },
  {
    name: 'JDK HttpServer',
    source: { kind: 'debian', packages: ['default-jdk-headless'], file: 'java' },
    isProbed: true,
    command: ({ port, docroot }) => ({ args: [appFile('JdkServer.java'), String(port), docroot] }),
  },
  {
    name: "Go's net/http",
    source: { kind: 'debian', packages: ['golang-go'], file: 'go' },
    version: ['version'],
    command: ({ port, docroot }) => ({ args: ['run', appFile('go_server.go'), String(port), docroot] }),
  },
]

function uwsgiPlugins(root: string): string {
  return join(root, 'usr/lib/uwsgi/plugins')
}

/** Named for Python's version. */
function uwsgiPython(root: string): string {
  const found = readdirSync(uwsgiPlugins(root)).find((name) => name.startsWith('python3'))
  return (found ?? 'python3').replace('_plugin.so', '')
}
