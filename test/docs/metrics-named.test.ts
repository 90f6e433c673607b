// Rules and board name metrics, values of labels and reasons: all of them are such as the gateway tells.

import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { startFleet } from '../main/fleet.ts'
import { readSourceTree } from '../support/source-tree.ts'
import { queriesOf, readBoard } from './board.ts'
import { rulesFile } from './promtool.ts'

t.setTimeout(240_000)

async function queries(): Promise<string[]> {
  const { groups } = parse(await readFile(rulesFile, 'utf8'))
  const rules = groups.flatMap((group: { rules: { expr: string }[] }) => group.rules.map(({ expr }) => expr))
  return [...rules, ...queriesOf(await readBoard())]
}

/** Of metrics under a label, all values that one of the queries names. */
function valuesOf(label: string, texts: readonly string[]): string[] {
  const matchers = texts.flatMap((text) => [
    ...text.matchAll(new RegExp(`\\b${label}(?:=~|!~|=|!=)"([^"]*)"`, 'g')),
  ])
  const values = matchers.flatMap(([, value = '']) => value.split('|'))
  return [...new Set(values)].filter((value) => /^\w+$/.test(value)).toSorted()
}

t.test('each metric is one that a gateway with workers, TLS and certificates tells', async (t) => {
  const tls = new URL('../../../test/support/tls/', import.meta.url).pathname
  const fleet = await startFleet(t, {
    gateway: `, tls: { cert: ${tls}server.pem, key: ${tls}server.key }`,
    control: `, audit_sink: { file: ${t.testdir()}/audit.jsonl }`,
    sections: 'hub: { mail: { from: a@x.test, smtp: "smtp://127.0.0.1:1" } }',
  })
  // What is asked of the database, a process tells once it has asked.
  let text = await fleet.scrape()
  while (!/^latchkey_audit_sink_lag_seconds\{/m.test(text) || !/^latchkey_webhooks\{/m.test(text))
    text = await fleet.scrape()
  const told = new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    ),
  )
  const named = new Set((await queries()).flatMap((query) => query.match(/\blatchkey_\w+/g) ?? []))
  t.ok(named.size > 30)
  t.same(
    [...named].filter((name) => !told.has(name)),
    [],
  )
  for (const label of ['of', 'state'])
    for (const value of valuesOf(label, await queries())) t.match(text, `{${label}="${value}"}`)
})

t.test('each reason is one that the sources know', async (t) => {
  const sources = [...readSourceTree('src').values()].join('\n')
  const reasons = valuesOf('reason', await queries())
  t.ok(reasons.length > 20)
  t.same(
    reasons.filter((reason) => !sources.includes(`'${reason}'`)),
    [],
  )
})
