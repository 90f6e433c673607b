// What a browser makes of an answer to a page of another origin: the steps of the Fetch standard that decide whether the
// page gets to see it. Without a browser, so that each run can ask.

import { fieldOf, type RawResponse } from './wire.ts'

function fieldsOf({ head }: RawResponse, name: string): string[] {
  return head.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':')
    return line.slice(0, colon).toLowerCase() === name.toLowerCase() ? [line.slice(colon + 1).trim()] : []
  })
}

function listOf(response: RawResponse, name: string): string[] {
  return fieldsOf(response, name).flatMap((value) => value.split(',').map((element) => element.trim()))
}

/** CORS check: several fields are one value, which is no origin then. */
export function mayRead(response: RawResponse, origin: string, withCredentials = false): boolean {
  const allowed = fieldsOf(response, 'Access-Control-Allow-Origin').join(', ')
  if (!withCredentials && allowed === '*') return true
  if (allowed !== origin) return false
  return !withCredentials || fieldOf(response, 'Access-Control-Allow-Credentials') === 'true'
}

/** CORS-preflight fetch, without credentials: whether the request that it asks for is then made. */
export function maySend(
  response: RawResponse,
  { origin, method, headers }: { origin: string; method: string; headers: readonly string[] },
): boolean {
  if (!mayRead(response, origin) || response.status < 200 || response.status > 299) return false
  const methods = listOf(response, 'Access-Control-Allow-Methods')
  const names = listOf(response, 'Access-Control-Allow-Headers').map((name) => name.toLowerCase())
  const isSimple = ['GET', 'HEAD', 'POST'].includes(method)
  if (!isSimple && !methods.includes(method) && !methods.includes('*')) return false
  return headers.every(
    (name) => names.includes(name.toLowerCase()) || (names.includes('*') && !/^authorization$/i.test(name)),
  )
}

/** Names of fields that a page may read besides those that all may. */
export function readable(response: RawResponse): string[] {
  return listOf(response, 'Access-Control-Expose-Headers')
}

/** The names in all Vary fields, and how many fields there are. */
export function varyOf(response: RawResponse): { readonly names: string[]; readonly fields: number } {
  return { names: listOf(response, 'Vary'), fields: fieldsOf(response, 'Vary').length }
}
