// Servers in Ruby and Perl that Debian packages.

import { join } from 'node:path'
import type { Source } from '../programs/have.ts'
import { appFile } from '../programs/run.ts'
import type { ServerProgram } from './server.ts'

const ruby = (...packages: string[]): Source => ({
  kind: 'debian',
  packages: ['ruby', ...packages],
  file: 'ruby',
  isLibrary: true,
})
const perl = (...packages: string[]): Source => ({ kind: 'debian', packages, file: 'perl', isLibrary: true })

/** The version of a library in Perl. */
const versionOf = (module: string): readonly string[] => [`-M${module}`, '-e', `print ${module}->VERSION`]

/** A program of a package by its interpreter; it is given the application by `argsFor`. */
const bin =
  (name: string, argsFor: (port: number) => readonly string[]): ServerProgram['command'] =>
  ({ port, docroot, program }) => ({
    args: [join(program.root, 'usr/bin', name), ...argsFor(port)],
    env: { ROOT: docroot },
  })

export const scriptedServers: readonly ServerProgram[] = [
  {
    name: 'WEBrick',
    source: ruby('ruby-webrick'),
    version: ['-rwebrick', '-e', 'print WEBrick::VERSION'],
    probe: { reuse: 'bodiless', why: /closes behind bodies/, note: /later requests on a connection wait/ },
    command: ({ port, docroot }) => ({
      args: [
        ...['-rwebrick', '-e'],
        `WEBrick::HTTPServer.new(BindAddress: '127.0.0.1', Port: ${port}, DocumentRoot: '${docroot}', AccessLog: [], Logger: WEBrick::Log.new(File::NULL)).start`,
      ],
    }),
  },
  {
    name: 'Puma',
    source: ruby('puma'),
    version: ['-rpuma/const', '-e', 'print Puma::Const::VERSION'],
    command: bin('puma', (port) => ['-q', '-b', `tcp://127.0.0.1:${port}`, appFile('config.ru')]),
  },
  {
    name: 'Thin',
    source: ruby('thin'),
    version: ['-rthin', '-e', 'print Thin::VERSION::STRING'],
    command: bin('thin', (port) => [
      '-q',
      '-a',
      '127.0.0.1',
      '-p',
      String(port),
      '-R',
      appFile('config.ru'),
      'start',
    ]),
  },
  {
    name: 'Unicorn',
    source: ruby('unicorn'),
    version: ['-runicorn', '-e', 'print Unicorn::Const::UNICORN_VERSION'],
    command: bin('unicorn', (port) => ['-l', `127.0.0.1:${port}`, appFile('config.ru')]),
  },
  {
    name: 'HTTP::Daemon',
    source: perl('libhttp-daemon-perl'),
    version: versionOf('HTTP::Daemon'),
    upstream: ', reuse: none, connections: 1',
    probe: { reuse: 'none', why: /holds the place/, connections: 1, note: /serves 1 of 16/ },
    command: ({ port, docroot }) => ({ args: [appFile('http_daemon.pl'), String(port), docroot] }),
  },
  {
    name: 'Starman',
    source: perl('starman'),
    version: versionOf('Starman'),
    probe: { reuse: 'none', why: /holds the place/, connections: 4, note: /serves 4 of 16/ },
    command: bin('starman', (port) => [
      '--listen',
      `127.0.0.1:${port}`,
      '--workers',
      '4',
      appFile('app.psgi'),
    ]),
  },
  {
    name: 'HTTP::Server::PSGI',
    source: perl('libplack-perl'),
    version: versionOf('Plack'),
    command: bin('plackup', (port) => [
      ...['-s', 'HTTP::Server::PSGI', '-E', 'deployment', '-o', '127.0.0.1', '-p', String(port)],
      appFile('app.psgi'),
    ]),
  },
  {
    name: 'Mojolicious',
    source: perl('libmojolicious-perl'),
    version: versionOf('Mojolicious'),
    command: ({ port, docroot }) => ({ args: [appFile('mojo.pl'), String(port), docroot] }),
  },
]
