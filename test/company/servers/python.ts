// Servers written in Python.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Source } from '../programs/have.ts'
import { appFile, type Command } from '../programs/run.ts'
import type { ServerPlace, ServerProgram } from './server.ts'

const python: Source = { kind: 'debian', packages: ['python3'], file: 'python3' }
const pypi = (...packages: string[]): Source => ({ kind: 'pypi', packages })

/** The application by a server of simple_wsgi.py. */
const simple =
  (server: string) =>
  ({ port, docroot }: ServerPlace): Command => ({
    args: [appFile('simple_wsgi.py'), server, String(port)],
    env: { ROOT: docroot },
  })

/** A server that takes the application by name and is run as a module. */
const module =
  (name: string, argsFor: (address: string) => readonly string[]) =>
  ({ port, docroot, program }: ServerPlace): Command => ({
    args: ['-m', name, ...argsFor(`127.0.0.1:${port}`)],
    env: { ROOT: docroot, PYTHONPATH: `${program.root}:${appFile('')}` },
  })

export const pythonServers: readonly ServerProgram[] = [
  {
    name: 'python3 -m http.server (HTTP/1.0)',
    source: python,
    isQuick: true,
    command: ({ port, docroot }) => ({
      args: ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '-d', docroot],
    }),
  },
  {
    name: 'http.server (HTTP/1.1, threads)',
    source: python,
    probe: { reuse: 'bodiless', why: /closes behind bodies/, note: /later requests on a connection wait/ },
    command: ({ port, docroot }) => ({
      args: [appFile('http_server.py'), 'threading', String(port), docroot],
    }),
  },
  {
    name: 'http.server (HTTP/1.1, one at a time)',
    source: python,
    probe: { reuse: 'none', why: /holds the place/, connections: 1, note: /serves 1 of 16/ },
    upstream: ', reuse: none, connections: 1',
    command: ({ port, docroot }) => ({ args: [appFile('http_server.py'), 'single', String(port), docroot] }),
  },
  { name: 'wsgiref', source: python, command: simple('wsgiref') },
  {
    name: 'gunicorn, sync',
    source: pypi('gunicorn==27.0.1'),
    probe: { reuse: 'bodiless', why: /closes after each answer/ },
    command: module('gunicorn', (address) => ['-b', address, '-w', '2', 'wsgi_app:application']),
  },
  {
    name: 'gunicorn, gthread',
    source: pypi('gunicorn==27.0.1'),
    command: module('gunicorn', (address) => [
      '-b',
      address,
      '-k',
      'gthread',
      '--threads',
      '8',
      'wsgi_app:application',
    ]),
  },
  { name: 'waitress', source: pypi('waitress==3.0.2'), command: simple('waitress') },
  { name: 'cheroot', source: pypi('cheroot==11.1.2'), command: simple('cheroot') },
  { name: 'Werkzeug', source: pypi('werkzeug==3.1.9'), command: simple('werkzeug') },
  { name: 'gevent', source: pypi('gevent==26.9.0'), command: simple('gevent') },
  {
    name: 'Tornado',
    source: pypi('tornado==6.6.1'),
    probe: { reuse: 'all', why: /read every body/ },
    command: simple('tornado'),
  },
  { name: 'Twisted', source: pypi('twisted==26.10.0'), command: simple('twisted') },
  {
    name: 'uvicorn',
    source: pypi('uvicorn==0.54.0'),
    probe: { reuse: 'all', why: /read every body/ },
    command: module('uvicorn', (address) => [
      '--port',
      address.replace(/^.*:/, ''),
      '--log-level=critical',
      'asgi_app:application',
    ]),
  },
  {
    name: 'hypercorn',
    source: pypi('hypercorn==0.18.0'),
    probe: { reuse: 'none', why: /without having said so/ },
    command: module('hypercorn', (address) => ['-b', address, 'asgi_app:application']),
  },
  {
    name: 'Daphne',
    source: pypi('daphne==4.2.3'),
    command: module('daphne', (address) => [
      '-b',
      '127.0.0.1',
      '-p',
      address.replace(/^.*:/, ''),
      'asgi_app:application',
    ]),
  },
  {
    name: 'uWSGI',
    source: { kind: 'debian', packages: ['uwsgi-core', 'uwsgi-plugin-python3'], file: 'uwsgi-core' },
    probe: { reuse: 'none', why: /without having said so/ },
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
    name: 'aiohttp',
    source: pypi('aiohttp==3.14.5'),
    command: ({ port, docroot }) => ({ args: [appFile('aiohttp_server.py'), String(port), docroot] }),
  },
  {
    name: 'Granian',
    source: pypi('granian==2.8.7'),
    command: module('granian', (address) => [
      ...['--interface', 'asgi', '--host', '127.0.0.1', '--port', address.replace(/^.*:/, '')],
      ...['--log-level', 'critical', 'asgi_app:application'],
    ]),
  },
  {
    name: "Python's CGI server",
    source: python,
    command: ({ port, docroot }) => ({ args: [appFile('cgi_server.py'), String(port), docroot] }),
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
