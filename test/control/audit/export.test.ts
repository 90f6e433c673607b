// Contract 8: the audit as a file.

import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createSubject, makeKey, token } from '../subject.ts'

const headers = { authorization: `Bearer ${token}` }

void t.test('JSON Lines have each entry as the list has it, oldest first, over many pages', async (t) => {
  const { app, call, db } = await createSubject(t)
  await db.query(
    `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'deny.add', 'x' || n, '{}', 'req_' || n, now(), 0 FROM generate_series(1, 2500) n`,
  )
  const response = await app.inject({ url: '/admin/v1/audit/export?action=deny.add', headers })
  t.match(response.headers, { 'content-type': 'application/x-ndjson' })
  const entries = response.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { target: string })
  t.same(
    entries.map(({ target }) => target),
    Array.from({ length: 2500 }, (_, n) => `x${n + 1}`),
  )
  const listed = await call('GET', '/audit?action=deny.add&limit=1')
  t.same(entries.at(-1), (listed.body['data'] as unknown[])[0])
  t.match((await call('GET', '/audit?action=audit.export')).body, {
    data: [{ actor: 'ann', client: '127.0.0.1', target: 'audit', after: { action: 'deny.add' } }],
  })
})

void t.test('CSV is what spreadsheets read, and no name in it becomes a formula', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject, { name: 'a "b", c;=1+1' })
  const reasons = [
    '=1+1',
    '+1',
    '-1',
    '@x',
    '\uff1d1+1',
    '\uff0b1',
    '\uff0d1',
    '\uff20x',
    'a;=1+1',
    'a; -1',
    'a;b',
  ]
  for (const [index, reason] of reasons.entries())
    await subject.call('POST', `/keys/${id}/${index % 2 === 0 ? 'disable' : 'enable'}`, { reason })
  const { body } = await subject.app.inject({
    url: `/admin/v1/audit/export?format=csv&target=${id}`,
    headers,
  })
  const [head = '', made = '', ...rest] = body.split('\r\n')
  t.equal(
    head,
    '"id","at","actor","token_id","client","action","target","before","after","reason","request_id","revision","user_id","session_id"',
  )
  t.match(
    made,
    /^"\d+",.*,"ann","","127\.0\.0\.1","key\.create","key_\w+","","\{.*\}","","req_\w+","\d+","",""$/,
  )
  const [, after = ''] = /"","(\{.*\})","","req_/.exec(made) ?? []
  t.match(JSON.parse(after.replaceAll('""', '"')), { name: 'a "b", c;=1+1' })
  t.notMatch(made, ';=')
  t.same(
    rest.slice(0, -1).map((line) => /,"([^"]*)","req_\w+","\d+","",""$/.exec(line)?.[1]),
    [
      "'=1+1",
      "'+1",
      "'-1",
      "'@x",
      "'\uff1d1+1",
      "'\uff0b1",
      "'\uff0d1",
      "'\uff20x",
      "a;'=1+1",
      "a;' -1",
      'a;b',
    ],
  )
  t.equal(rest.at(-1), '')
})

void t.test('there is no HEAD of it, which would read all of the audit for nobody', async (t) => {
  const { app, call } = await createSubject(t)
  t.equal((await app.inject({ method: 'HEAD', url: '/admin/v1/audit/export', headers })).statusCode, 404)
  t.match((await call('GET', '/audit?action=audit.export')).body, { data: [] })
})

void t.test(
  'four at once are made; a fifth is told so until one has ended or its reader has left',
  async (t) => {
    const { app, db } = await createSubject(t)
    await db.query(
      `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'deny.add', 'x', jsonb_build_object('note', repeat('x', 2000)), 'req_' || n, now(), 0
     FROM generate_series(1, 10000) n`,
    )
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    // More than sockets take in: nobody reads it.
    const open = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const options = { port, host: '127.0.0.1', path: '/admin/v1/audit/export', headers, agent: false }
        get(options, resolve).on('error', reject)
      })
    const readers = [await open(), await open(), await open(), await open()]
    for (const reader of readers) t.equal(reader.on('error', () => {}).statusCode, 200)
    const fifth = await open()
    t.equal(fifth.statusCode, 503)
    t.match((await fifth.toArray()).join(''), '4 exports are under way')
    readers[0]?.destroy()
    let next = await open()
    while (next.statusCode === 503) {
      next.destroy()
      await sleep(20)
      next = await open()
    }
    t.equal(next.statusCode, 200)
    for (const reader of [...readers, next.on('error', () => {})]) reader.destroy()
  },
)

void t.test('what is asked for wrongly is told, and not taken for a file', async (t) => {
  const { call } = await createSubject(t)
  for (const query of ['format=xml', 'since=x', 'limit=1'])
    t.match(await call('GET', `/audit/export?${query}`), {
      status: 422,
      body: { error: { code: 'VALIDATION_FAILED' } },
    })
})
