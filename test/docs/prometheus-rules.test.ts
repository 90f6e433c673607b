// docs/prometheus-rules.yaml, judged by Prometheus' own promtool at the shortest and the longest usual scrape interval.

import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { type AlertCase, alertCases, beginsAt } from './alert-cases.ts'
import { ordinaryDay } from './ordinary-day.ts'
import { judge, type RulesCase, rulesFile, type Values } from './promtool.ts'
import { allWell, gateway, other } from './scraped-gateways.ts'

t.setTimeout(900_000)

const scrapes = [15, 60]

t.test('each alert has a case', async (t) => {
  const { groups } = parse(await readFile(rulesFile, 'utf8'))
  const alerts = groups.flatMap((group: { rules: { alert?: string }[] }) =>
    group.rules.flatMap(({ alert }) => alert ?? []),
  )
  t.same(alerts.toSorted(), alertCases.map(({ alert }) => alert).toSorted())
})

for (const scrapeSeconds of scrapes) {
  t.test(`at scrapes of ${scrapeSeconds} s`, async (t) => {
    // All at once, each in a deployment of its own: what promtool takes is a little for each rule and scrape.
    const cases = alertCases.map(caseOf)
    const found = await judge(t.testdir(), scrapeSeconds, {
      series: new Map(cases.flatMap(({ series }) => [...series])),
      minutes: Math.max(...cases.map(({ minutes }) => minutes)),
      expected: cases.flatMap(({ expected }) => expected),
    })
    for (const one of alertCases) {
      await t.test(
        `${one.alert} fires, no other does with it, and it is over when its cause is`,
        async (t) => {
          t.same(faultsOf(found, jobOf(one)), [])
        },
      )
    }
    t.equal(found, '')
  })

  t.test(`on an ordinary day none fires at scrapes of ${scrapeSeconds} s`, async (t) => {
    // A quarter of the hours at a quarter of the interval: promtool has as much to do, some ten seconds of it.
    const minutes = 24 * scrapeSeconds
    const query = `max_over_time(ALERTS{alertstate="firing"}[${minutes}m])`
    const expected = [{ at: minutes, query, gives: [] }]
    t.equal(
      await judge(t.testdir(), scrapeSeconds, { series: ordinaryDay(60 * scrapeSeconds), minutes, expected }),
      '',
    )
  })
}

t.test('promtool is asked: an alert that does not fire is found', async (t) => {
  const [one] = alertCases
  if (one === undefined) return t.fail('there are cases')
  const found = await judge(t.testdir(), 60, { ...caseOf(one), series: allWell() })
  t.equal(faultsOf(found, jobOf(one)).length, 1, found)
})

function jobOf({ alert }: AlertCase): string {
  return `latchkey-${alert}`
}

/** Of what promtool says, what it says of a deployment. */
function faultsOf(found: string, job: string): string[] {
  return found.split(/(?=^ {4}expr: )/m).filter((fault) => fault.includes(`job=\\"${job}\\"`))
}

function caseOf(one: AlertCase): RulesCase {
  const job = jobOf(one)
  const own = { alertname: one.alert, alertstate: 'firing', severity: one.severity, job, ...one.labels }
  const labels = Object.entries(own).map(([name, value]) => `${name}="${value}"`)
  const firing = `alertstate="firing",job="${job}"`
  const minutes = beginsAt + one.minutes + 75
  return {
    minutes,
    series: new Map(
      [...troubled(one)]
        .filter(([name]) => one.isCompared || !name.includes(`instance="${other.instance}"`))
        .map(([name, values]) => [name.replace(`job="${gateway.job}"`, `job="${job}"`), values]),
    ),
    expected: [
      { at: beginsAt - 1, query: `ALERTS{${firing}}`, gives: [] },
      {
        at: beginsAt + one.firesWithin,
        query: `ALERTS{${firing},alertname!~"${(one.also ?? []).join('|')}"}`,
        gives: [`ALERTS{${labels.join(', ')}}`],
      },
      { at: minutes, query: `ALERTS{${firing}}`, gives: [] },
    ],
  }
}

/** What is well but for one trouble, while that lasts; counters keep what they have counted. */
function troubled({ trouble, missing = [], minutes, labels }: AlertCase): Map<string, Values> {
  const series = allWell()
  const [begin, end] = [beginsAt * 60, (beginsAt + minutes) * 60]
  const isDuring = (seconds: number) => seconds >= begin && seconds < end
  for (const [name, well] of series) {
    const isConcerned = name.includes(`instance="${labels['instance'] ?? ''}`)
    if (!isConcerned || !missing.some((beginning) => name.startsWith(beginning))) continue
    series.set(name, (seconds) => (isDuring(seconds) ? undefined : well(seconds)))
  }
  for (const [name, values] of trouble) {
    const well = series.get(name)
    series.set(name, (seconds) => {
      if (seconds < begin) return well?.(seconds)
      if (seconds < end) return values(seconds)
      if (!/_(?:total|bucket)\{/.test(name)) return well?.(seconds)
      const counted = values(end) ?? 0
      return well === undefined ? counted : counted + (well(seconds) ?? 0) - (well(end) ?? 0)
    })
  }
  return series
}
