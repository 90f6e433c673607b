// The rules of the layout that can be read from the text of the sources alone.

import { posix } from 'node:path'
import { codeOf, importsOf, type SourceTree } from './source-tree.ts'

/** Which folder of src may import which others; each may import itself. */
const mayImport = {
  errors: [],
  telemetry: [],
  sample: [],
  credentials: ['errors'],
  config: ['credentials', 'errors'],
  decision: ['lookup', 'limits', 'config', 'credentials', 'errors'],
  tables: ['decision', 'config', 'credentials', 'errors'],
  store: ['config', 'credentials', 'errors', 'telemetry'],
  lookup: ['store', 'config', 'credentials', 'errors', 'telemetry'],
  limits: ['lookup', 'store', 'config', 'credentials', 'errors'],
  gateway: ['decision', 'limits', 'lookup', 'config', 'credentials', 'errors', 'telemetry'],
  oauth: ['store', 'config', 'credentials', 'errors'],
  control: ['oauth', 'lookup', 'store', 'config', 'credentials', 'errors', 'telemetry'],
  cli: ['tables', 'decision', 'config', 'credentials', 'errors'],
  main: [
    'cli',
    'config',
    'control',
    'credentials',
    'decision',
    'errors',
    'gateway',
    'limits',
    'lookup',
    'oauth',
    'sample',
    'store',
    'telemetry',
  ],
} as const
type Folder = keyof typeof mayImport

/** The folders of src that there are; `main` is src/main.ts with src/main. */
export const folders: readonly string[] = Object.keys(mayImport)

interface TextRule {
  readonly fault: string
  readonly pattern: RegExp
  /** Paths or folders (ending in `/`) that the rule is for; all, if not said. */
  readonly within?: readonly string[]
  /** Path or folder (ending in `/`) where the pattern may stand, and why. */
  readonly allowed: Readonly<Record<string, string>>
}

const textRules: readonly TextRule[] = [
  { fault: 'a default export', pattern: /\bexport\s+default\b|\bas\s+default\b/, allowed: {} },
  { fault: 'a re-export of a whole file', pattern: /\bexport\s*\*/, allowed: {} },
  {
    fault: 'SQL outside the store',
    pattern:
      /\bSELECT\b[^;]{1,300}?\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\s+\S+\s+SET\b|\bDELETE\s+FROM\b|['"`]\s*(?:select\s[^'"`]*\bfrom\s|insert\s+into\s|delete\s+from\s|update\s+\S+\s+set\s)/,
    allowed: { 'src/store/': 'the only SQL' },
  },
  {
    fault: 'a connection to a store of its own',
    // Types alone open none.
    pattern:
      /\bimport\s+(?!type\b)[^'"`;]*['"](?:pg|ioredis)['"/]|\b(?:import|require)\(\s*['"`](?:pg|ioredis)\b/,
    allowed: { 'src/store/': 'the only connections' },
  },
  {
    fault: 'a secret unwrapped',
    pattern: /\breveal\b/,
    allowed: {
      'src/credentials/secret.ts': 'makes and digests secrets',
      'src/control/keys/key-object.ts': 'the one answer to create and rotate',
      'src/control/tokens/token-object.ts': 'the one answer to create',
      'src/credentials/webhook-secret.ts': 'seals them and signs with them',
      'src/control/webhooks/webhook-object.ts': 'the one answer to create and rotate-secret',
      'src/control/people/session-secret.ts': 'the cookie that signs a browser in, and what its pages show',
      'src/control/people/oidc/browser-secret.ts': 'the cookie of who goes to an identity provider',
      'src/oauth/token-text.ts': 'the one answer that a token is in',
      'src/control/clients/client-object.ts': 'the one answer to create and rotate-secret',
      'src/control/people/device/codes.ts': 'the two answers in which a command line gets its secrets',
      'src/control/people/link.ts': 'the one time that a link is written down',
    },
  },
  {
    fault: 'white space that is none on the wire (errors/wire-text.ts)',
    // `trim` and `\s` take 0xA0 and more away, which to every other reader is part of the text.
    pattern: /\btrim(?:Start|End|Left|Right)?\b|\\[sS]/,
    within: ['src/decision/', 'src/gateway/', 'src/config/request/', 'src/errors/'],
    allowed: {},
  },
  {
    fault: 'a time-out that Node 20 forgets (findings/node20-any-forgets-its-timeout.sh)',
    pattern: /\bAbortSignal\s*\.\s*any\b/,
    allowed: {},
  },
  {
    fault: 'a connection or a message of Node’s in the decision',
    // Who asks has one, or has none; names and values it judges by Node's rules.
    pattern:
      /\b(?:IncomingMessage|ServerResponse|(?:TLS)?Socket|Fastify\w*)\b|from\s+['"](?:fastify|undici|node:(?:https|http2|tls|dns|fs|perf_hooks|timers))\b/,
    within: ['src/decision/'],
    allowed: {},
  },
  {
    fault: 'the environment read outside main',
    pattern: /\bprocess\??\s*(?:\.|\[['"`])\s*env\b|from\s+['"](?:node:)?process['"]/,
    allowed: {
      'src/main.ts': 'hands it to the verbs',
      'src/main/': 'wires the process',
      'src/sample/': 'a program of its own',
      'src/store/embedded/process.ts': 'the search path of the programs that it starts',
      'src/store/embedded/cluster.ts': 'the search path of the programs that it starts',
    },
  },
]

/** What is wrong with the layout: `path: fault`, a line each; empty when nothing is. */
export function layoutFaults(tree: SourceTree): string[] {
  return [...tree].flatMap(([path, text]) => {
    const faults = [...nameFaults(path), ...textFaults(path, codeOf(text)), ...importFaults(path, text)]
    return faults.map((fault) => `${path}: ${fault}`)
  })
}

function nameFaults(path: string): string[] {
  const isDrawer = /(?:^|[/-])(?:utils?|helpers?|common|types|manager|middleware)(?:\.ts$|\/)/.test(path)
  return [
    ...(posix.basename(path) === 'index.ts' ? ['is a barrel file'] : []),
    ...(isDrawer ? ['has a name that says nothing'] : []),
  ]
}

function textFaults(path: string, code: string): string[] {
  return textRules
    .filter(({ pattern }) => pattern.test(code))
    .filter(({ within }) => within === undefined || within.some((place) => isAt(path, place)))
    .filter(({ allowed }) => !Object.keys(allowed).some((place) => isAt(path, place)))
    .map(({ fault }) => `has ${fault}`)
}

function isAt(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place
}

function importFaults(path: string, text: string): string[] {
  const from = folderOf(path)
  if (from === undefined) return ['is in no folder of the table']
  return importsOf(text).flatMap((specifier) => {
    if (!specifier.startsWith('.')) return []
    const target = posix.join(posix.dirname(path), specifier)
    const to = folderOf(target)
    const isAllowed = to !== undefined && (to === from || isListed(mayImport[from], to))
    return [
      ...(isAllowed ? [] : [`may not import ${target}`]),
      ...(specifier.endsWith('.ts') ? [] : [`imports ${specifier} without .ts`]),
    ]
  })
}

function isListed(names: readonly Folder[], name: Folder): boolean {
  return names.includes(name)
}

function folderOf(path: string): Folder | undefined {
  if (path === 'src/main.ts') return 'main'
  const [, name] = /^src\/([^/]+)\//.exec(path) ?? []
  return name !== undefined && isFolder(name) ? name : undefined
}

function isFolder(name: string): name is Folder {
  return Object.hasOwn(mayImport, name)
}
