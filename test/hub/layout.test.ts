// How the main pages are laid out, against what was looked at by people (docs/hub has the pictures): which parts there are, in
// which order, and about where. Boxes and not pixels, with room to spare: fonts are other ones on other machines.
// `LATCHKEY_TEST_LAYOUT=write` writes them anew.

import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import type { Page } from 'playwright-core'
import { openPage, signIn, startChromium } from './browser.ts'
import { furnish } from './lifelike.ts'
import { startHub } from './people.ts'

t.setTimeout(300_000)

const file = 'test/hub/layout.json'
const width = 1280
const height = 900

interface Box {
  readonly what: string
  /** x, y, width and height in pixels. */
  readonly at: readonly [number, number, number, number]
}
type Layout = readonly Box[]

// As text: its world is not that of Node.
const measure = `[...document.querySelectorAll('nav, main, h1, h2, .card, table, form, fieldset, dl, ol')]
  .map((part) => [part, part.getBoundingClientRect()])
  .filter(([, { width, height }]) => width > 1 && height > 1)
  .map(([part, { x, y, width, height }]) => ({
    what: part.matches('.card') ? 'card' : part.localName,
    at: [x, y + scrollY, width, height].map(Math.round),
  }))`

/** Once two looks in a row are alike. */
async function layoutOf(page: Page): Promise<Layout> {
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  let before = ''
  for (;;) {
    await page.locator('.skeleton').first().waitFor({ state: 'detached' })
    const now = JSON.stringify(await page.evaluate(measure))
    if (now === before) return JSON.parse(now) as Layout
    before = now
    await page.waitForTimeout(150)
  }
}

/** What differs by more than fonts explain. */
function differences(was: Layout, is: Layout): readonly string[] {
  const [wasNames, isNames] = [was, is].map((layout) => layout.map(({ what }) => what).join(' '))
  if (wasNames !== isNames) return [`parts: ${wasNames}`, `now:   ${isNames}`]
  return is.flatMap(({ what, at }, index) => {
    const expected = was[index]?.at ?? at
    const [x, y, w, h] = at.map((value, side) => Math.abs(value - (expected[side] ?? 0)))
    const room = { across: 0.06 * width, down: 60 + 0.2 * expected[1], size: 60 + 0.3 * expected[3] }
    const isAlike =
      (x ?? 0) <= room.across && (w ?? 0) <= 2 * room.across && (y ?? 0) <= room.down && (h ?? 0) <= room.size
    return isAlike ? [] : [`${what} ${index}: ${expected.join()} is now ${at.join()}`]
  })
}

t.test('the main pages are laid out as they were looked at', async (t) => {
  const hub = await startHub(t)
  const { keyId, requestId } = await furnish(hub)
  const browser = await startChromium(t)
  const pages = {
    member: [
      '/developers',
      '/developers/new',
      `/developers/keys/${keyId}`,
      '/developers/activity',
      `/developers/requests/${requestId}`,
      '/team',
      '/account',
    ],
    operator: ['/operator/merchants', '/operator/audit', '/operator/health', '/operator/instances'],
  } as const
  const found: Record<string, Layout> = {}
  for (const who of ['member', 'operator'] as const) {
    const { page, faults } = await openPage(browser, hub.url, { viewport: { width, height } })
    await signIn(page, hub[who])
    for (const path of pages[who]) {
      await page.goto(path)
      found[path.replace(keyId, 'KEY').replace(requestId, 'REQUEST')] = await layoutOf(page)
    }
    t.same(faults, [])
  }
  if (process.env['LATCHKEY_TEST_LAYOUT'] === 'write') writeFileSync(file, lines(found))
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Layout>
  t.same(Object.keys(kept), Object.keys(found))
  for (const [path, layout] of Object.entries(found)) t.same(differences(kept[path] ?? [], layout), [], path)
})

t.test('a part that is gone, moved or squeezed is told; another font is not', async (t) => {
  const was: Layout = [
    { what: 'h1', at: [280, 40, 200, 28] },
    { what: 'card', at: [280, 120, 960, 400] },
  ]
  const [head, card] = was
  if (head === undefined || card === undefined) throw new Error('two parts')
  t.same(differences(was, [head]).length, 2, 'gone')
  t.same(differences(was, [head, { ...card, at: [480, 120, 960, 400] }]).length, 1, 'moved')
  t.same(differences(was, [head, { ...card, at: [280, 120, 480, 400] }]).length, 1, 'squeezed')
  t.same(
    differences(was, [
      { ...head, at: [282, 41, 240, 31] },
      { ...card, at: [280, 131, 960, 452] },
    ]),
    [],
  )
})

/** A line a part. */
function lines(found: Readonly<Record<string, Layout>>): string {
  const pages = Object.entries(found).map(
    ([path, layout]) =>
      `  ${JSON.stringify(path)}: [\n${layout.map((box) => `    ${JSON.stringify(box)}`).join(',\n')}\n  ]`,
  )
  return `{\n${pages.join(',\n')}\n}\n`
}
