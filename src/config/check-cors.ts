// What the schema cannot say about `cors`: what is an origin, and whether pages could send a key at all.

import type { CheckedFile } from './check-settings.ts'
import { placeOfKey, placeOfValue, rawText } from './tree.ts'

/** Reports what is wrong in the `cors` of an API. */
export function checkCors(checked: CheckedFile, api: string): void {
  const cors = checked.file.apis?.[api]?.cors
  if (cors === undefined || typeof cors === 'string') return
  const origins = cors.origins ?? []
  for (const [index, origin] of origins.entries()) {
    if (origin !== undefined) checkOrigin(checked, ['apis', api, 'cors', 'origins', index], origin)
  }
  if (origins.includes('*') && origins.length > 1) {
    const place = placeOfValue(checked.tree, ['apis', api, 'cors', 'origins', origins.indexOf('*')])
    checked.report.fault(place, '`*` stands for all origins: name it alone, or those that are meant')
  }
  warnOfMissingHeaders(checked, api, cors.headers)
}

/** Origins are compared as browsers write them (Fetch, CORS check): byte for byte. */
function checkOrigin(
  { tree, report }: CheckedFile,
  path: readonly (string | number)[],
  origin: string,
): void {
  if (origin === '*' || serialized.test(origin)) {
    const usual = /^https?:/.test(origin) && URL.canParse(origin) ? new URL(origin).origin : origin
    if (usual !== origin) {
      const message = `browsers write the origin \`${rawText(tree, path)}\` another way`
      report.fault(placeOfValue(tree, path), message, usual)
    }
    return
  }
  const message = `\`${rawText(tree, path)}\` is no origin: write scheme and host, \`https://shop.example\`, and nothing behind them`
  report.fault(
    placeOfValue(tree, path),
    message,
    URL.canParse(origin) ? originOf(new URL(origin)) : undefined,
  )
}

/** Scheme, host and port (RFC 6454 §6.2), in lower case. Not `null`: that is every sandboxed page. */
const serialized = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/

function originOf({ origin, hostname }: URL): string | undefined {
  return origin === 'null' || hostname.includes('*') ? undefined : origin
}

/** `*` names all headers but Authorization (Fetch, CORS-preflight fetch). */
function warnOfMissingHeaders(
  { tree, file, report }: CheckedFile,
  api: string,
  headers: readonly (string | undefined)[] | undefined,
): void {
  const { credential, oauth, jwt } = file.apis?.[api] ?? {}
  if (headers === undefined || credential === undefined) return
  const { header, bearer } = credential
  const isInAuthorization = bearer === true || oauth !== undefined || jwt !== undefined
  const fields = [...(header === undefined ? [] : [header]), ...(isInAuthorization ? ['Authorization'] : [])]
  const named = new Set(headers.map((name) => name?.toLowerCase()))
  const isNamed = (field: string) =>
    named.has(field.toLowerCase()) || (named.has('*') && field !== 'Authorization')
  const place = placeOfKey(tree, ['apis', api, 'cors', 'headers'])
  // A token that is bound to a key needs both.
  if (oauth?.profile === 'fapi2' && isNamed('Authorization') && !isNamed('DPoP'))
    report.warn(place, '`headers` does not name DPoP: pages could not send a token')
  if (fields.length === 0 || fields.some(isNamed)) return
  report.warn(place, `\`headers\` does not name ${fields.join(' or ')}: pages could not send a key`)
}
