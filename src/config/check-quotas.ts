// What the schema cannot say about quotas.

import type { CheckedFile } from './check-settings.ts'
import { suggest } from './suggest.ts'
import { placeOfKey } from './tree.ts'

/** Reports quotas that count what another does, or are called as a rate limit of the API, as one field of answers names both. */
export function checkQuotas({ tree, file, report }: CheckedFile, api: string): void {
  const counted = new Map<string, string>()
  for (const [name, quota] of Object.entries(file.apis?.[api]?.quotas ?? {})) {
    const at = placeOfKey(tree, ['apis', api, 'quotas', name])
    if (Object.hasOwn(file.apis?.[api]?.rate_limits ?? {}, name))
      report.fault(at, `\`${name}\` is a rate limit of \`${api}\` already`)
    const per = quota?.per ?? 'merchant'
    const other = counted.get(per)
    if (other === undefined) counted.set(per, name)
    else report.fault(at, `\`${name}\` counts by ${per}, as \`${other}\` does`)
  }
}

/** Reports quotas of plans that no API has. */
export function checkPlanQuotas({ tree, file, report }: CheckedFile): void {
  const known = Object.values(file.apis ?? {}).flatMap((api) => Object.keys(api?.quotas ?? {}))
  for (const [plan, said] of Object.entries(file.plans ?? {})) {
    for (const name of Object.keys(said?.quotas ?? {})) {
      if (known.includes(name)) continue
      const at = placeOfKey(tree, ['plans', plan, 'quotas', name])
      report.fault(at, `no API has a quota \`${name}\``, suggest(name, known))
    }
  }
}
