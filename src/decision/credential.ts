// Stages 4 and 5: the credential and its environment. Finds the one key that the request carries in the places
// that its API takes; which environment it speaks for is told by the prefix alone. No look-up yet.

import { chooseByKey } from './request/environment.ts'
import { carriesKeyInQuery } from './request/key-in-query.ts'
import type { Api } from '../config/compiled.ts'
import { hasPrefix, Secret } from '../credentials/secret.ts'
import { type Denial, deny } from '../errors/denial.ts'
import { trimBlanks } from '../errors/wire-text.ts'
import type { Inquiry } from './inquiry.ts'

/** Finds the credential (contract 5.4). */
export function extractCredential(inquiry: Inquiry): Denial | undefined {
  if (carriesKeyInQuery(inquiry.table.prefixes, inquiry.target))
    return deny('INVALID_API_KEY', 'key_in_query')
  const api = inquiry.host?.api
  if (api === undefined || isOpen(inquiry)) return undefined
  const presented: string[] = []
  if (api.credential.bearer) {
    for (const value of inquiry.head.authorization) {
      const token = bearerToken(value) ?? boundToken(inquiry, api, value)
      if (token === undefined) return deny('INVALID_API_KEY', 'other_scheme')
      presented.push(token)
    }
  }
  if (api.credential.header !== null) presented.push(...headerValues(inquiry.fields, api.credential.header))
  if (presented.length > 1) return deny('INVALID_API_KEY', 'several_credentials')
  const [value = ''] = presented
  if (value === '') return deny('MISSING_API_KEY', presented.length === 0 ? 'missing' : 'empty')
  inquiry.credential = new Secret(value)
  return undefined
}

/** Whether the route is served without a key. */
export function isOpen(inquiry: Inquiry): boolean {
  return inquiry.isPreflight || inquiry.route?.requirement.kind === 'public'
}

/** Chooses the environment by the key's prefix (contract 5.5); an open route has only one upstream to go to. */
export function chooseEnvironment(inquiry: Inquiry): Denial | undefined {
  const { host, credential } = inquiry
  if (host === undefined) return undefined
  if (credential === undefined) {
    inquiry.environment = host.environments[0]
    return undefined
  }
  const choice = chooseByKey(host, (environment) => hasPrefix(credential, environment.prefix))
  if (choice.kind === 'wrong') return deny('WRONG_ENVIRONMENT', 'wrong_environment')
  inquiry.environment = choice.environment
  return undefined
}

/** RFC 6750 §2.1; the scheme's case does not count. An empty or bare `Bearer` is an empty token. */
export function bearerToken(value: string): string | undefined {
  const text = trimBlanks(value)
  if (text === '') return ''
  const match = /^bearer(?:[ \t]+(.*))?$/i.exec(text)
  return match === null ? undefined : (match[1] ?? '')
}

/** RFC 9449 §7.1, where the API takes access tokens: the request has to prove more then. */
function boundToken(inquiry: Inquiry, { oauth, jwt }: Api, value: string): string | undefined {
  const token = oauth === null && jwt === null ? undefined : dpopToken(value)
  if (token !== undefined) inquiry.isDpop = true
  return token
}

/** As `bearerToken`, of the scheme DPoP. */
export function dpopToken(value: string): string | undefined {
  const match = /^dpop(?:[ \t]+(.*))?$/i.exec(trimBlanks(value))
  return match === null ? undefined : (match[1] ?? '')
}

/** The values of the fields of a name, whatever its case, without blanks around them. */
export function headerValues(fields: readonly string[], name: string): string[] {
  const values: string[] = []
  const wanted = name.toLowerCase()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const field = fields[i] ?? ''
    if (field.length === wanted.length && field.toLowerCase() === wanted) {
      values.push(trimBlanks(fields[i + 1] ?? ''))
    }
  }
  return values
}
