// `oauth` of APIs: what its schema cannot say.

import type { CheckedFile } from './check-settings.ts'
import { placeOfValue } from './tree.ts'
import { parseDuration } from './units.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Reports what is wrong with `oauth`. */
export function checkOauth({ tree, file, report }: CheckedFile): void {
  for (const [name, api] of Object.entries(file.apis ?? {})) {
    const oauth = api?.oauth
    if (oauth === undefined) continue
    const at = ['apis', name, 'oauth']
    if (file.hub === undefined)
      report.fault(placeOfValue(tree, at), '`oauth` needs `hub`: people grant access there')
    // It can be ended at any time, but who holds it is asked again by its end alone.
    if (oauth.access_token !== undefined && parseDuration(oauth.access_token) > dayMs)
      report.warn(
        placeOfValue(tree, [...at, 'access_token']),
        'an access token should work for minutes: what is longer is for `refresh_token`',
      )
  }
}
