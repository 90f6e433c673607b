// `oauth` of APIs: what its schema cannot say.

import type { CheckedFile } from './check-settings.ts'
import { placeOfValue } from './tree.ts'
import { parseDuration } from './units.ts'

/** Reports what is wrong with `oauth`. */
export function checkOauth(checked: CheckedFile): void {
  const { tree, file, report } = checked
  for (const [name, api] of Object.entries(file.apis ?? {})) {
    if (api?.oauth === undefined) continue
    if (file.hub === undefined)
      report.warn(
        placeOfValue(tree, ['apis', name, 'oauth']),
        'nobody gives out tokens: the authorization server needs `hub`, where people grant access',
      )
    checkLifetimes(checked, name)
    if (api.forward_authorization === true)
      report.fault(
        placeOfValue(tree, ['apis', name, 'forward_authorization']),
        '`forward_authorization` has no effect beside `oauth`: Authorization is where tokens are',
      )
  }
}

/** A grant lasts as long as its refresh token: a token that lives longer would have none by which it ends. */
function checkLifetimes({ tree, file, report }: CheckedFile, name: string): void {
  const { access_token: access, refresh_token: refresh } = file.apis?.[name]?.oauth ?? {}
  if (access === undefined || refresh === undefined) return
  if (parseDuration(refresh) < parseDuration(access))
    report.fault(
      placeOfValue(tree, ['apis', name, 'oauth']),
      '`refresh_token` is shorter than `access_token`: what somebody granted would be over before its tokens are',
    )
}
