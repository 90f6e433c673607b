// Contract 2.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { makeKey, startMs } from '../../control/subject.ts'
import { createConsole, typist } from '../console.ts'

const dayMs = 86_400_000

void t.test('the audit says who changed what, from what to what, and why', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id, secret } = await makeKey(subject)
  await type('keys', 'disable', id, '--reason', 'seen in a paste')
  await type('keys', 'update', id, '--permission', 'transaction.refund', '--name', 'Till')
  const { code, stdout, stderr } = await type('audit', '--target', id)
  t.same([code, stderr], [0, ''])
  const [head, update, disable, create] = stdout.split('\n')
  t.match(head, /^AT +ACTOR +ACTION +TARGET +CHANGE +REASON +REQUEST$/)
  t.match(
    update,
    /ann +key\.update +key_\S+ +name: Checkout → Till, permissions: \["transaction.read"\] → \["transaction.refund"\] +- +req_/,
  )
  t.match(disable, /key\.disable +key_\S+ +status: active → disabled +seen in a paste +req_/)
  t.match(create, /key\.create +key_\S+ +Checkout +- +req_/)
  t.notMatch(stdout, secret)
  const listed: unknown = JSON.parse((await type('audit', '--target', id, '--json')).stdout)
  t.same(listed, (await subject.call('GET', `/audit?target=${id}`)).body)
})

void t.test('its filters narrow it; of many the newest are shown, and that there are more', async (t) => {
  const { type, subject } = await createConsole(t)
  subject.clock.nowMs = startMs - 3 * dayMs
  const old = await subject.call('POST', '/merchants', { name: 'Old' })
  subject.clock.nowMs = startMs
  for (let count = 0; count < 205; count++) await subject.call('POST', '/merchants', { name: `New ${count}` })
  const names = async (...words: string[]) => {
    const { stdout } = await type('audit', ...words, '--json')
    const { data } = JSON.parse(stdout) as { data: { after: { name: string } }[] }
    return data.map(({ after }) => after.name)
  }
  t.same(await names('--until', '24h'), ['Old'])
  t.same(await names('--since', '2026-01-12', '--until', '2026-01-13'), ['Old'])
  t.same(await names('--request', String(old.headers['x-request-id'])), ['Old'])
  t.same(await names('--actor', 'ben'), [])
  t.equal((await names('--since', '24h', '--limit', '1000')).length, 205)
  t.same(await names('--limit', '2'), ['New 204', 'New 203'])
  const { stdout, stderr } = await type('audit')
  t.equal(stdout.trimEnd().split('\n').length, 201)
  t.match(stderr, /^the newest 200; there are more/)
  for (const words of [
    ['--since', 'today'],
    ['--limit', '0'],
    ['--limit', '1e3'],
  ])
    t.match(await type('audit', ...words), { code: 2, stdout: '' })
})

void t.test('verify says that all is well, and names what is not', async (t) => {
  const { type, subject } = await createConsole(t)
  await makeKey(subject)
  const well = await type('audit', 'verify')
  t.match(well, { code: 0, stderr: '', stdout: /^2 entries compared\. The last link is 2:[0-9a-f]{64}\n$/ })
  const [anchor = ''] = /2:[0-9a-f]{64}/.exec(well.stdout) ?? []
  t.equal((await type('audit', 'verify', '--anchor', anchor)).code, 0)
  const other = await type('audit', 'verify', '--anchor', `1:${anchor.slice(2)}`)
  t.match(other, { code: 1, stdout: /^broken: link 1 is not the one that the log has$/m })
  await subject.db.query(`UPDATE audit SET actor = 'eve' WHERE revision = 2`)
  const found = await type('audit', 'verify', '--json')
  t.match(found, { code: 1, stderr: /not as it was written: 1 fault/ })
  t.match(JSON.parse(found.stdout), { checked: 2, faults: [{ kind: 'changed', seq: 2 }] })
  t.equal((await type('audit', 'verify', '--anchor', 'x')).code, 2)
  t.match((await type('audit', '--json')).stdout, /"actor": "eve"/)
})

void t.test('export writes a file that only its owner reads, whole or not at all', async (t) => {
  const { type, subject, url } = await createConsole(t)
  await makeKey(subject)
  const folder = t.testdir({})
  const path = `${folder}/audit.jsonl`
  t.match(await type('audit', 'export', '--output', path), { code: 0, stdout: /^\d+ bytes written\n$/ })
  t.equal(readFileSync(path, 'utf8').trimEnd().split('\n').length, 3)
  t.equal(statSync(path).mode & 0o777, 0o600)
  const csv = await type('audit', 'export', '--output', path, '--format', 'csv', '--since', '1h', '--json')
  t.match(JSON.parse(csv.stdout), { output: path, format: 'csv' })
  t.match(readFileSync(path, 'utf8'), /^"id","at",/)
  t.match(await type('audit', 'export', '--output', `${folder}/none/x`), {
    code: 1,
    stderr: /x cannot be written: its folder does not exist/,
  })
  const wrong = typist({ LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: 'x'.repeat(32) })
  t.match(await wrong('audit', 'export', '--output', `${folder}/y`), { code: 1, stderr: /UNAUTHORIZED/ })
  t.same(readdirSync(folder), ['audit.jsonl'])
})
