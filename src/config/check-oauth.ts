// `oauth` of APIs: what its schema cannot say.

import type { CheckedFile } from './check-settings.ts'
import { placeOfValue } from './tree.ts'

/** Reports what is wrong with `oauth`. */
export function checkOauth({ tree, file, report }: CheckedFile): void {
  if (file.hub !== undefined) return
  for (const [name, api] of Object.entries(file.apis ?? {})) {
    if (api?.oauth !== undefined)
      report.warn(
        placeOfValue(tree, ['apis', name, 'oauth']),
        'nobody gives out tokens: the authorization server needs `hub`, where people grant access',
      )
  }
}
