// `jwt` of APIs: what its schema cannot say.

import { isLoopback } from './address.ts'
import type { CheckedFile } from './check-settings.ts'
import { suggest } from './suggest.ts'
import { placeOfValue } from './tree.ts'

/** Reports what is wrong with `jwt`. */
export function checkJwt(checked: CheckedFile): void {
  const { tree, file, report } = checked
  for (const [name, api] of Object.entries(file.apis ?? {})) {
    if (api?.jwt === undefined) continue
    checkUrls(checked, name)
    checkEnvironment(checked, name)
    if (api.forward_authorization === true)
      report.fault(
        placeOfValue(tree, ['apis', name, 'forward_authorization']),
        '`forward_authorization` has no effect beside `jwt`: Authorization is where tokens are',
      )
  }
}

/** Whoever could change what is fetched would sign tokens for every merchant. */
function checkUrls({ tree, file, report }: CheckedFile, name: string): void {
  for (const key of ['issuer', 'jwks_uri'] as const) {
    const text = file.apis?.[name]?.jwt?.[key]
    if (text === undefined) continue
    const why = whyNoKeyUrl(text)
    if (why !== undefined) report.fault(placeOfValue(tree, ['apis', name, 'jwt', key]), `\`${key}\` ${why}`)
  }
}

/** Why keys are not to be fetched from there; undefined: they may. Completes a sentence that names the URL. */
export function whyNoKeyUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return 'must be an https:// URL'
  if (url.username !== '' || url.password !== '') return 'must not have a user or password in it'
  const isSafe = url.protocol === 'https:' || isLoopback(url.hostname)
  return isSafe ? undefined : 'must be https://: keys that came in clear could be anybody’s'
}

/** Tokens of one environment are none of another's. */
function checkEnvironment({ tree, file, report }: CheckedFile, name: string): void {
  const { jwt, environments = {} } = file.apis?.[name] ?? {}
  const at = ['apis', name, 'jwt']
  const names = Object.keys(environments)
  if (jwt?.environment !== undefined && jwt.environment_claim !== undefined)
    report.fault(placeOfValue(tree, at), 'has both `environment` and `environment_claim`: give one of them')
  else if (jwt?.environment === undefined && jwt?.environment_claim === undefined && names.length > 1)
    report.fault(
      placeOfValue(tree, at),
      `needs \`environment\` or \`environment_claim\`: the API has ${names.map((one) => `\`${one}\``).join(' and ')}, and a token of one must be none of the other`,
    )
  if (jwt?.environment === undefined || names.includes(jwt.environment)) return
  report.fault(
    placeOfValue(tree, [...at, 'environment']),
    `the API has no environment \`${jwt.environment}\``,
    suggest(jwt.environment, names),
  )
}
