// What would keep people with a screen reader or a keyboard out of a page, as axe finds it.

import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

/** Empty: nothing that is serious. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  // Its own windows ask for scripts that the page's policy forbids.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, target }) => `${target.join(' ')} ${html}`).join('\n')}`,
    )
}
