// Where an upstream is: by one URL, or by targets, of which it must not matter which one a request goes to.

import { whyNoEndpoint } from './address.ts'
import type { CheckedFile } from './check-settings.ts'
import { isGiven, placeOfKey, placeOfValue } from './tree.ts'
import { basePathIn, pathInUrl, whyNoPath } from './upstream-url.ts'

type Path = readonly (string | number)[]

interface Located {
  readonly url: string
  readonly path: Path
}

/** Reports what is wrong with `url` or `targets` of an upstream. */
export function checkTargets(checked: CheckedFile, name: string): void {
  const { tree, report } = checked
  const at: Path = ['upstreams', name]
  const isGivenTwice = checkWhichIsGiven(checked, at)
  const located = locatedIn(checked, name)
  for (const { url, path } of located) {
    const why = whyNoUrl(url)
    if (why !== undefined) report.fault(placeOfValue(tree, path), why)
  }
  const sound = located.filter(({ url }) => whyNoUrl(url) === undefined)
  for (const [index, { url, path }] of sound.entries()) {
    const others = sound.slice(0, index).map((one) => one.url)
    const why = isGivenTwice ? undefined : whyNotBeside(url, others)
    if (why !== undefined) report.fault(placeOfValue(tree, path), why)
  }
  checkWeights(checked, name)
  warnOfUnwatched(checked, name)
}

/** Whether both are. */
function checkWhichIsGiven({ tree, file, report }: CheckedFile, at: Path): boolean {
  const [hasUrl, hasTargets] = [isGiven(tree, [...at, 'url']), isGiven(tree, [...at, 'targets'])]
  if (hasUrl && hasTargets)
    report.fault(placeOfKey(tree, [...at, 'targets']), '`targets` stands in place of `url`: name one of them')
  // What is no mapping was told already.
  const isMapping = file.upstreams?.[String(at[1])] !== undefined
  if (isMapping && !hasUrl && !hasTargets)
    report.fault(placeOfKey(tree, at), 'missing key `url` or `targets`')
  return hasUrl && hasTargets
}

function locatedIn({ file }: CheckedFile, name: string): Located[] {
  const { url, targets = [] } = file.upstreams?.[name] ?? {}
  const at: Path = ['upstreams', name]
  const own = url === undefined ? [] : [{ url, path: [...at, 'url'] }]
  const listed = targets.flatMap((target, index) =>
    target?.url === undefined ? [] : [{ url: target.url, path: [...at, 'targets', index, 'url'] }],
  )
  return [...own, ...listed]
}

function checkWeights({ tree, file, report }: CheckedFile, name: string): void {
  const { targets = [] } = file.upstreams?.[name] ?? {}
  if (targets.length === 0 || targets.some((target) => target?.weight !== 0)) return
  report.fault(placeOfKey(tree, ['upstreams', name, 'targets']), 'one of `targets` at least needs a weight')
}

/** One that hangs, or answers errors alone, goes on getting its share: only one that takes no connection is noticed without checks. */
function warnOfUnwatched({ tree, file, report }: CheckedFile, name: string): void {
  const { targets = [], health } = file.upstreams?.[name] ?? {}
  if (health !== undefined || targets.filter((target) => target?.weight !== 0).length < 2) return
  report.warn(
    placeOfKey(tree, ['upstreams', name, 'targets']),
    'several `targets` without `health`: one that hangs or answers errors keeps its share of the requests',
  )
}

/** Whichever target a request goes to, it is sent the same, by the same means. */
function whyNotBeside(url: string, others: readonly string[]): string | undefined {
  const [first] = others
  if (first === undefined) return undefined
  const { protocol, origin } = new URL(url)
  if (others.some((other) => new URL(other).origin === origin)) return 'this target is listed twice'
  if (new URL(first).protocol !== protocol) return 'targets of one upstream are all http:// or all https://'
  return basePathIn(first) === basePathIn(url) ? undefined : 'targets of one upstream have one base path'
}

/** What is wrong with the URL of an upstream; undefined: nothing. */
function whyNoUrl(url: string): string | undefined {
  const path = pathInUrl(url)
  if (path === undefined)
    return '`url` must be http:// or https:// with a host, perhaps a port and a path, and nothing after them'
  const reason = whyNoEndpoint(url) ?? (path === '' ? undefined : whyNoPath(path))
  return reason === undefined ? undefined : `\`url\` cannot be used: ${reason}`
}
