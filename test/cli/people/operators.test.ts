// Contract 9: operators and members, from the command line.

import t from 'tap'
import { makePerson, sessionOf } from '../../control/people/people.ts'
import { createConsole } from '../console.ts'

void t.test('an operator is made with a link, listed, and disabled by its address', async (t) => {
  const { type, url } = await createConsole(t)
  const made = await type('operators', 'create', '--email', 'Ann@x.test')
  t.match(made, { code: 0, stderr: '' })
  t.match(made.stdout, /^Operator ann@x\.test \(usr_\w+, admin\)$/m)
  const [, token = ''] = /^http:\/\/hub\.test:8081\/set-password#(lk_lnk_\w+)$/m.exec(made.stdout) ?? []
  t.match(made.stdout, /works once, until 2026-01-16 12:00:00Z/)
  const use = () =>
    fetch(`${url}/hub/v1/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, password: 'correct horse battery' }),
    })
  t.equal((await use()).status, 200)
  t.equal((await use()).status, 410)
  t.match(await type('operators', 'create', '--email', 'ann@x.test'), { code: 1, stderr: /ACCOUNT_EXISTS/ })
  t.match(await type('operators', 'create', '--email', 'no address'), {
    code: 1,
    stderr: /--email: must be an e-mail/,
  })
  t.match((await type('operators', 'list')).stdout, /^usr_\w+ +ann@x\.test +admin +active/m)
  t.match(await type('operators', 'disable', 'ANN@x.test', '--reason', 'left'), {
    code: 0,
    stdout: /^ANN@x\.test is disabled\.$/m,
  })
  t.match((await type('operators', 'list', '--json')).stdout, /"status": "disabled"/)
  t.match(await type('operators', 'disable', 'nobody@x.test'), {
    code: 1,
    stderr: /no operator has the address/,
  })
})

void t.test('a member is invited, listed, and removed, before and after it has joined', async (t) => {
  const { type, subject, url } = await createConsole(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'A' })).body['id'])
  const of = ['--merchant', merchant]
  const invite = () => type('members', 'invite', ...of, '--email', 'bo@x.test', '--role', 'viewer')
  t.match((await invite()).stdout, /^http:\/\/hub\.test:8081\/invitation#lk_lnk_\w+$/m)
  t.match((await type('members', 'list', ...of)).stdout, /^inv_\w+ +bo@x\.test +viewer +invited/m)
  t.equal((await type('members', 'remove', ...of, '--email', 'Bo@x.test')).stdout, 'bo@x.test is removed.\n')
  const again = await invite()
  const [token = ''] = /lk_lnk_\w+/.exec(again.stdout) ?? []
  const response = await fetch(`${url}/hub/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password: 'correct horse battery' }),
  })
  t.equal(response.status, 200)
  t.match((await type('members', 'list', ...of)).stdout, /^usr_\w+ +bo@x\.test +viewer +active/m)
  t.equal((await type('members', 'remove', ...of, '--email', 'bo@x.test', '--reason', 'left')).code, 0)
  t.notMatch((await type('members', 'list', ...of)).stdout, 'bo@x.test')
  t.match(await type('members', 'remove', ...of, '--email', 'bo@x.test'), { code: 1, stderr: /no member/ })
  t.equal((await type('members', 'invite', ...of, '--email', 'bo@x.test')).code, 2)
})

void t.test('without a hub it is said what is missing', async (t) => {
  const { type } = await createConsole(t, { hub: null })
  t.match(await type('operators', 'create', '--email', 'a@x.test'), {
    code: 1,
    stderr: /gateway\.yaml has `hub`/,
  })
})

void t.test(
  'an operator’s role, factors and link are changed by its address, and its sessions end',
  async (t) => {
    const { type, subject } = await createConsole(t)
    const id = await makePerson(subject.db, { email: 'ann@x.test', operator: 'admin' })
    const isIn = async (headers: Readonly<Record<string, string>>) =>
      (await subject.app.inject({ url: '/hub/v1/session', headers })).statusCode === 200
    let headers = await sessionOf(subject, id)
    t.match(await type('operators', 'set-role', 'Ann@x.test', '--role', 'support', '--reason', 'moved'), {
      code: 0,
      stdout: `Operator ann@x.test (${id}, support)\n`,
    })
    t.equal(await isIn(headers), false)
    headers = await sessionOf(subject, id)
    await subject.db.query(`INSERT INTO totp VALUES ($1, 'sealed', now(), now())`, [id])
    t.match(await type('operators', 'reset-factors', 'ann@x.test', '--reason', 'phone lost'), {
      code: 0,
      stdout: /^ann@x\.test signs in by password alone/,
    })
    t.same(await subject.db.query('SELECT FROM totp'), [])
    t.equal(await isIn(headers), false)
    t.match(
      (await type('operators', 'link', 'ann@x.test')).stdout,
      /^http:\/\/hub\.test:8081\/set-password#lk_lnk_\w+$/m,
    )
    t.equal((await type('operators', 'disable', 'ann@x.test')).code, 0)
    t.match(await type('operators', 'enable', 'ann@x.test'), { code: 0, stdout: /may sign in again/ })
    t.equal((await type('operators', 'set-role', 'ann@x.test')).code, 2)
    t.match(await type('operators', 'reset-factors', 'nobody@x.test'), { code: 1, stderr: /no operator/ })
    const { body } = await subject.call('GET', '/audit?actor=ann')
    t.match(body, { data: [{ action: 'operator.enable' }] })
  },
)

void t.test('a member’s role and factors are changed by its address and merchant', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'A' })).body['id'])
  const id = await makePerson(subject.db, { email: 'bo@x.test', roles: { [merchant]: 'viewer' } })
  const of = ['bo@x.test', '--merchant', merchant]
  t.match(await type('members', 'set-role', ...of, '--role', 'admin'), {
    code: 0,
    stdout: 'bo@x.test is now admin.\n',
  })
  await subject.db.query(`INSERT INTO totp VALUES ($1, 'sealed', now(), now())`, [id])
  t.equal((await type('members', 'reset-factors', ...of)).code, 0)
  t.same(await subject.db.query('SELECT FROM totp'), [])
  t.equal((await type('members', 'disable', ...of)).code, 0)
  t.match((await type('members', 'list', '--merchant', merchant)).stdout, /bo@x\.test +admin +disabled/)
  t.equal((await type('members', 'enable', ...of)).code, 0)
  t.match((await type('members', 'link', ...of)).stdout, /lk_lnk_/)
  t.match(await type('members', 'link', 'cy@x.test', '--merchant', merchant), {
    code: 1,
    stderr: /no member/,
  })
})
