// A program: asks every face of the decision about one request, and prints what each says of it, as JSON. Two tables that
// differ in nothing but a `max_body` of the route; the second one is told by `held`. (added-stage.test.ts)

import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig } from '../../src/config/load.ts'
import { typed } from '../cli/config/typed.ts'
import { prepareTestProgram, startPrepared } from '../support/program.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

const teardowns: (() => Promise<void>)[] = []
const t = { teardown: (fn: () => Promise<void>) => teardowns.unshift(fn) }

const template = '/v1/transactions/{id}/refund'
const target = '/v1/transactions/1/refund'
const routes = (maxBody: string) =>
  `\n  POST ${template}: { permission: transaction.refund, max_body: ${maxBody} }\n`

async function typedJson(...words: string[]) {
  const { stdout, stderr } = await typed([...words, '--json'])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

async function proxyAndShadow(plain: Prepared, held: Prepared) {
  const loaded = await loadConfig(held.file, {})
  if (!loaded.ok) throw new Error('the table has faults')
  const candidate = { file: held.file, config: loaded.config, files: loaded.files }
  const inForce = await startPrepared(t, held)
  const shadowed = await startPrepared(t, plain, 'all', candidate)
  const codes: (string | undefined)[] = []
  for (const { admin, gatewayPort } of [inForce, shadowed]) {
    const key = await admin.makeKey(await admin.makeMerchant(), { permissions: ['transaction.refund'] })
    const fields = ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]
    const response = await exchange(gatewayPort, request(`POST ${target}`, fields))
    codes.push(response.status === 200 ? undefined : codeOf(response))
  }
  // Compared when a request is over.
  for (let i = 0; i < 100 && !shadowed.log.some(({ msg }) => msg === 'request'); i++) await sleep(20)
  const line = shadowed.log.find(({ msg }) => msg === 'shadow')
  const requests = shadowed.log.filter(({ msg }) => msg === 'request')
  return { proxy: codes[0], unheld: codes[1], shadow: line?.['candidate'], requests }
}

type Prepared = Awaited<ReturnType<typeof prepareTestProgram>>

async function main(): Promise<void> {
  const plain = await prepareTestProgram(t, { routes: routes('1kb') })
  const held = await prepareTestProgram(t, { routes: routes('4242') })
  const folder = dirname(held.file)
  const { proxy, unheld, shadow, requests } = await proxyAndShadow(plain, held)
  const log = join(folder, 'access.log')
  await writeFile(log, requests.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const cases = join(folder, 'held.cases.yaml')
  await writeFile(cases, `- { request: POST ${target}, who: [transaction.refund], expect: allow }\n`)
  const explained = await typedJson(
    'explain',
    held.file,
    'POST',
    target,
    '--permissions',
    'transaction.refund',
  )
  const tested = await typedJson('test', held.file, cases)
  const compared = await typedJson('diff', plain.file, held.file)
  const replayed = await typedJson('replay', held.file, log)
  const told = {
    proxy: proxy ?? 'allow',
    unheld: unheld ?? 'allow',
    shadow: shadow ?? 'no difference',
    explain: explained.code ?? 'allow',
    test: tested.cases[0]?.code ?? 'allow',
    diff: compared.closed[0]?.after.code ?? 'no difference',
    replay: replayed.refusals[0]?.code ?? 'allow',
    // So that nothing passes for want of a line.
    recorded: requests.length,
    table: (await readFile(join(folder, 'flintn.yaml'), 'utf8')).includes('4242'),
  }
  process.stdout.write(JSON.stringify(told))
}

try {
  await main()
} finally {
  for (const end of teardowns) await end()
}
