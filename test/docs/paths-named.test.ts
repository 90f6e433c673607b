// What the documents name is there: files and folders of the repository, headings that links point to, scripts of npm.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { readDocuments } from '../support/documents.ts'

/** Where a path in a text may begin, beside the root: in a document about code `config/load.ts` is one below src. */
const beginnings = ['', 'src/', 'test/', 'docs/']
/** Names of programs of others, and of what comes into being in a checkout or at a user's. */
const notOurs =
  /^(?:src\/threadpool\.c|build\/.*|config\/\.latchkey\/.*|old\/.*|main\/config\/.*|candidate\/.*|(?:~\/\.config\/)?latchkey\/logins\.json)$/

t.test('every link leads to a file, and to a heading that it has', async (t) => {
  const documents = readDocuments()
  t.ok(documents.size > 8)
  const lost = [...documents].flatMap(([path, text]) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (target.includes('://') || target.startsWith('mailto:')) return []
      const [file = '', heading] = target.split('#')
      const to = file === '' ? path : posix.join(posix.dirname(path), file)
      if (!existsSync(to)) return [`${path}: ${target}`]
      const isThere = heading === undefined || headingsOf(documents.get(to) ?? '').has(heading)
      return isThere ? [] : [`${path}: ${target}`]
    }),
  )
  t.same(lost, [])
})

t.test('every part of a document that is named by its heading is one', async (t) => {
  const documents = readDocuments()
  const parts = [...documents].flatMap(([path, text]) =>
    [...text.matchAll(/([\w.-]+\.md)(?:\]\([^)]*\)|`)?, "([^"\n]+)"/g)].map(([, file = '', part = '']) => {
      const to = [...documents.keys()].find((known) => posix.basename(known) === file) ?? ''
      const headings = [...(documents.get(to) ?? '').matchAll(/^#+ (.+)$/gm)].map(
        ([, heading = '']) => heading,
      )
      return {
        named: `${path}: ${file}, "${part}"`,
        isThere: headings.some((heading) => heading.startsWith(part)),
      }
    }),
  )
  t.ok(parts.length > 8)
  t.same(
    parts.filter(({ isThere }) => !isThere).map(({ named }) => named),
    [],
  )
})

t.test('every path that stands as code is one of the repository', async (t) => {
  const lost = [...readDocuments()].flatMap(([path, text]) =>
    pathsIn(text)
      .filter((named) => !notOurs.test(named) && !beginnings.some((start) => isThere(start + named)))
      .map((named) => `${path}: ${named}`),
  )
  t.same(lost, [])
})

t.test('every script of npm that is named is one', async (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const lost = [...readDocuments()].flatMap(([path, text]) =>
    [...text.matchAll(/\bnpm run (?:--?\w+ )*([\w:-]+)/g)]
      .map(([, script = '']) => script)
      .filter((script) => !Object.hasOwn(scripts, script))
      .map((script) => `${path}: npm run ${script}`),
  )
  t.same(lost, [])
})

t.test('paths, and what only looks like one', async (t) => {
  t.same(pathsIn('`src/main.ts`, `docs/`, `config/*.schema.json`, `gateway/listener/`'), [
    'src/main.ts',
    'docs/',
    'config/*.schema.json',
    'gateway/listener/',
  ])
  t.same(pathsIn('`GET /v1/a`, `/readyz`, `application/json`, `a/b`, `10.0.0.0/8`, `text`, src/none.ts'), [])
  t.same(pathsIn('```sh\nnode `x/y.ts`\n```\n'), [])
  t.ok(isThere('src/*.ts') && isThere('test/docs/'))
  t.notOk(isThere('src/none.ts') || isThere('src/none*.ts') || isThere('none/'))
})

const folders = ['src', 'test', 'docs', 'config', 'bench', 'findings', 'scripts', '.ci']
const endings = /(?:\/|\.(?:ts|md|ya?ml|json|mjs|sh|ini|sql|c))$/

/** Paths in backticks: with a folder of ours in front, or the ending of a file as we have them. */
function pathsIn(text: string): string[] {
  const spans = [...withoutCode(text).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
  return spans.filter((span) => {
    const [first = '', ...rest] = span.split('/')
    if (rest.length === 0 || !/^[\w.*-]+(?:\/[\w.*-]+)*\/?$/.test(span)) return false
    // `cases/` is a folder of the one that the sentence is about.
    return folders.includes(first) || (endings.test(span) && rest.join('') !== '')
  })
}

/** Blocks of code are shown, not named. */
function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '')
}

function isThere(path: string): boolean {
  return path.includes('*') ? matches(path).length > 0 : existsSync(path)
}

function matches(pattern: string): string[] {
  const folder = posix.dirname(pattern)
  const last = posix.basename(pattern)
  if (!existsSync(folder)) return []
  const form = new RegExp(`^${last.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  return readdirSync(folder).filter((name) => form.test(name))
}

/** As GitHub makes them of headings. */
function headingsOf(text: string): Set<string> {
  const headings = [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
