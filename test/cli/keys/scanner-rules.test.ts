import { join } from 'node:path'
import t from 'tap'
import { generateSecret, Secret } from '../../../src/credentials/secret.ts'
import { gatewayYaml, tableYaml } from '../../config/files.ts'
import { makeKey } from '../../control/subject.ts'
import { createConsole, typist } from '../console.ts'

interface TestFolder {
  testdir(files: Record<string, string>): string
}

const type = typist({})

function files(t: TestFolder, secrets = ''): { readonly gateway: string; readonly secrets: string } {
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': tableYaml, 'secrets.txt': secrets })
  return { gateway: join(folder, 'gateway.yaml'), secrets: join(folder, 'secrets.txt') }
}

const key = (prefix: string) => Secret.reveal(generateSecret(prefix))

function spoilt(text: string): string {
  return `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`
}

void t.test('gitleaks gets a rule for every prefix, which finds keys and not what is longer', async (t) => {
  const { stdout, code } = await type('keys', 'scanner-rules', files(t).gateway)
  t.equal(code, 0)
  const rules = stdout.split('[[rules]]').slice(1)
  t.match(rules, [
    /^id = "latchkey-flintn-live-key"$/m,
    /"latchkey-flintn-sandbox-key"/,
    /"latchkey-admin-token"/,
  ])
  for (const [index, prefix] of ['pk_live_', 'pk_test_', 'lk_adm_'].entries()) {
    const [, pattern = ''] = /^regex = '''(.*)'''$/m.exec(rules[index] ?? '') ?? []
    t.match(rules[index], `keywords = ["${prefix}"]`)
    const secret = key(prefix)
    // RE2 knows neither of the two.
    t.notMatch(pattern, /\(\?[=!<]/)
    for (const text of [secret, `a = "${secret}"`, `(${secret})\n`])
      t.equal(new RegExp(pattern).exec(text)?.[1], secret, text)
    for (const text of [`${secret}x`, `x${secret}`, secret.slice(0, -1), `${secret}-`])
      t.equal(new RegExp(pattern).exec(text), null, text)
  }
})

void t.test('GitHub gets the fields of its custom patterns', async (t) => {
  const { stdout } = await type('keys', 'scanner-rules', files(t).gateway, '--format', 'github')
  t.match(
    stdout,
    /Pattern name {3}latchkey_flintn_live_key\n +Secret format {2}pk_live_\[0-9A-Za-z\]\{38\}\n/,
  )
  t.match(stdout, 'Before secret  \\A|[^0-9A-Za-z_-]')
  const json = await type('keys', 'scanner-rules', files(t).gateway, '--format', 'json')
  t.match(JSON.parse(json.stdout), { data: [{ name: 'latchkey_flintn_live_key', prefix: 'pk_live_' }] })
})

void t.test('a file that is not valid is wrong usage', async (t) => {
  t.equal((await type('keys', 'scanner-rules', '/nowhere.yaml')).code, 2)
})

void t.test('what is found is put to the checksum, and nothing of what is no key is shown', async (t) => {
  const right = key('pk_live_')
  const wrong = spoilt(key('pk_test_'))
  const { gateway, secrets } = files(t, `${right}\n\n  ${wrong}\r\nsomething-else\n`)
  const checked = await type('keys', 'check-secret', gateway, secrets)
  t.equal(checked.code, 1)
  t.match(
    checked.stdout,
    new RegExp(`^1 +latchkey_flintn_live_key +…${right.slice(-4)} +form and checksum are right$`, 'm'),
  )
  t.match(checked.stdout, /^3 +latchkey_flintn_sandbox_key +- +the checksum or the form is wrong$/m)
  t.match(checked.stdout, /^4 +- +- +begins with no prefix of ours$/m)
  for (const text of [right, wrong, 'something-else']) t.notMatch(checked.stdout + checked.stderr, text)
  const json = await type('keys', 'check-secret', gateway, secrets, '--json')
  t.match(JSON.parse(json.stdout), {
    data: [
      { line: 1, verdict: 'key' },
      { line: 3, last4: null, verdict: 'wrong_checksum' },
      { line: 4, kind: null, verdict: 'other' },
    ],
  })
  const good = files(t, right)
  t.equal((await type('keys', 'check-secret', good.gateway, good.secrets)).code, 0)
  t.equal((await type('keys', 'check-secret', gateway, '/nowhere')).code, 2)
  const none = files(t, '\n')
  t.equal((await type('keys', 'check-secret', none.gateway, none.secrets)).code, 2)
})

void t.test('secrets from a file are told of, and none is printed', async (t) => {
  const { type: typed, subject } = await createConsole(t)
  const { id, secret } = await makeKey(subject)
  const { secrets } = files(t, `${secret}\n${key('pk_live_')}\n`)
  const told = await typed('keys', 'exposed', secrets, '--url', 'https://paste.example/1', '--reason', 'seen')
  t.equal(told.code, 0)
  t.match(told.stdout, new RegExp(`^1 +${id} +…${secret.slice(-4)} +notified$`, 'm'))
  t.match(told.stdout, /^2 +- +- +unknown$/m)
  t.notMatch(told.stdout + told.stderr, secret)
  const shown = await typed('keys', 'show', id)
  t.match(shown.stdout, /^exposed +since 2026-01-15 12:00:00Z: rotate it$/m)
})
