// Client programs and libraries. Each does what is said in an order (client.ts) by its own usual means.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Program, python, type Source } from '../programs/have.ts'
import { appFile } from '../programs/run.ts'
import type { ClientProgram, Order, Result } from './client.ts'

const pypi = (...packages: string[]): Source => ({ kind: 'pypi', packages })
const npm = (...packages: string[]): Source => ({ kind: 'npm', packages })
const checkout = (name?: string): Source => ({ kind: 'checkout', ...(name && { package: name }) })

/** A client of one of the scripts in apps. */
const scripted =
  (script: string, name: string) =>
  (order: Order, { root }: Program): readonly string[] => [
    appFile(script),
    name,
    JSON.stringify(order),
    root === '/' ? fileURLToPath(import.meta.url) : join(root, 'x.cjs'),
  ]

const inPython = (name: string, source: Source): ClientProgram => ({
  name,
  source,
  argsFor: scripted('python_client.py', name),
})

const inNode = (name: string, source: Source): ClientProgram => ({
  name,
  source,
  argsFor: scripted('node_client.mjs', name),
})

const curlMark = '\n@@'

function curl(name: string, options: readonly string[]): ClientProgram {
  return {
    name,
    source: { kind: 'debian', packages: ['curl'], file: 'curl' },
    argsFor: ({ method, url, headers, bodyFile, isStreamed, times, pauseMs }) => [
      ...['-sS', '-L', '--no-progress-meter', '-X', method, '-w', `${curlMark}%{http_code}\n`],
      ...(method === 'GET' ? [] : ['--post301', '--post302']),
      ...Object.entries(headers).flatMap(([field, value]) => ['-H', `${field}: ${value}`]),
      ...(bodyFile === undefined ? [] : ['--data-binary', `@${bodyFile}`]),
      ...(isStreamed ? ['-H', 'Transfer-Encoding: chunked'] : []),
      ...(pauseMs > 0 ? ['--rate', `${Math.floor(60_000 / pauseMs)}/m`] : []),
      ...options,
      ...Array.from({ length: times }, () => url),
    ],
    read: (output) =>
      [...output.matchAll(/([^]*?)\n@@(\d+)\n/g)].map(
        ([, text = '', status]): Result =>
          status === '000'
            ? { status: 0, text, error: 'no answer' }
            : { status: Number(status), text: text.slice(0, 300) },
      ),
  }
}

const wget: ClientProgram = {
  name: 'wget',
  source: { kind: 'debian', packages: ['wget'], file: 'wget' },
  isUnstreamed: true,
  argsFor: ({ method, url, headers, bodyFile, times, pauseMs }) => [
    ...['-q', '-O', '-', '--tries=1', '--content-on-error', `--method=${method}`, '-S'],
    ...['--output-file=/dev/stdout', `--wait=${pauseMs / 1_000}`],
    ...Object.entries(headers).map(([field, value]) => `--header=${field}: ${value}`),
    ...(bodyFile === undefined ? [] : [`--body-file=${bodyFile}`]),
    ...Array.from({ length: times }, () => url),
  ],
  // Of each answer only the status line is told apart; heads of redirects are passed over.
  read: (output) =>
    [...output.matchAll(/^ {2}HTTP\/1\.1 (\d{3})/gm)]
      .map(([, status]): Result => ({ status: Number(status), text: '' }))
      .filter(({ status }) => status !== 302),
}

export const clients: readonly ClientProgram[] = [
  curl('curl', []),
  curl('curl, no Expect', ['-H', 'Expect:']),
  curl('curl --http2', ['--http2', '-H', 'Expect:']),
  wget,
  { ...inPython('http.client', python), isQuick: true },
  inPython('urllib', python),
  inPython('requests', pypi('requests==2.32.5')),
  inPython('urllib3', pypi('urllib3==2.5.0')),
  inPython('httpx', pypi('httpx==0.28.1')),
  inPython('aiohttp', pypi('aiohttp==3.13.1')),
  { ...inNode('http', checkout()), isQuick: true },
  { ...inNode('fetch', checkout()), isQuick: true },
  { ...inNode('undici', checkout('undici')), isQuick: true },
  inNode('axios', npm('axios@1.12.2')),
  inNode('got', npm('got@14.4.9')),
  inNode('node-fetch', npm('node-fetch@3.3.2')),
  inNode('superagent', npm('superagent@10.2.3')),
  inNode('needle', npm('needle@3.3.1')),
  inNode('ky', npm('ky@1.11.0')),
  {
    name: 'HTTP::Tiny',
    source: { kind: 'debian', packages: ['perl'], file: 'perl' },
    argsFor: scripted('perl_client.pl', 'tiny'),
  },
  {
    name: 'LWP',
    source: { kind: 'debian', packages: ['libwww-perl'], file: 'perl', isLibrary: true },
    argsFor: scripted('perl_client.pl', 'lwp'),
  },
  {
    name: 'Net::HTTP',
    source: { kind: 'debian', packages: ['ruby'], file: 'ruby' },
    argsFor: (order) => ['--disable-gems', appFile('ruby_client.rb'), JSON.stringify(order)],
  },
  {
    name: 'PHP streams',
    source: { kind: 'debian', packages: ['php8.2-cli'], file: 'php8.2' },
    version: ['-n', '-v'],
    argsFor: (order) => ['-n', appFile('php_client.php'), JSON.stringify(order)],
    isUnstreamed: true,
  },
  {
    name: "Java's HttpClient (upgrades to h2c)",
    source: { kind: 'debian', packages: ['default-jdk-headless'], file: 'java' },
    argsFor: (order) => [appFile('JavaClient.java'), ...javaArgs(order)],
  },
  {
    name: "Go's net/http",
    source: { kind: 'debian', packages: ['golang-go'], file: 'go' },
    version: ['version'],
    argsFor: (order) => ['run', appFile('go_client.go'), JSON.stringify(order)],
  },
]

/** The JDK reads no JSON. */
function javaArgs({
  method,
  url,
  headers,
  bodyFile = '',
  isStreamed,
  times,
  pauseMs,
}: Order): readonly string[] {
  const fields = Object.entries(headers).flat()
  return [method, url, bodyFile, String(isStreamed), String(times), String(pauseMs), ...fields]
}
