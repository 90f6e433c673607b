import t from 'tap'
import { createAuditSeal } from '../../src/main/audit-seal.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createDatabase } from '../support/database.ts'
import { seedKey } from '../store/seed.ts'

void t.test('entries are linked behind the changes, and the end of the chain is told', async (t) => {
  const { db } = await createDatabase(t)
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const { logger: log } = createLog({ level: 'info', stream })
  const seal = createAuditSeal({ db, log, everyMs: 10 })
  await seedKey(db)
  const linked = async () => (await db.query('SELECT FROM audit_link')).length === 2
  for (let tries = 0; tries < 500 && !(await linked()); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await seal.stop()
  t.ok(await linked())
  t.equal(seal.unlinkedSeconds(), 0)
  t.match(lines.join(''), /"seq":2,"sha256":"[0-9a-f]{64}","msg":"audit linked"/)
})

void t.test('while it cannot be, it is said once, and tried again', async (t) => {
  const { db } = await createDatabase(t)
  await db.query('ALTER FUNCTION seal_audit(integer) RENAME TO away')
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const { logger: log } = createLog({ level: 'info', stream })
  const seal = createAuditSeal({ db, log, everyMs: 5 })
  await seedKey(db)
  await new Promise((resolve) => setTimeout(resolve, 300))
  await db.query('ALTER FUNCTION away(integer) RENAME TO seal_audit')
  for (let tries = 0; tries < 500 && !lines.join('').includes('audit linked'); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await seal.stop()
  t.equal(lines.filter((line) => line.includes('not linked')).length, 1)
  t.match(lines.join(''), /audit linked/)
})

void t.test('how long an entry waits is told where somebody holds the linking up', async (t) => {
  const { db } = await createDatabase(t)
  await seedKey(db)
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  let isLocked = () => {}
  const locked = new Promise<void>((resolve) => (isLocked = resolve))
  const holding = db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock(7317093123)')
    isLocked()
    await held
  })
  await locked
  const { logger: log } = createLog({ level: 'silent' })
  const seal = createAuditSeal({ db, log, everyMs: 5 })
  for (let tries = 0; tries < 500 && seal.unlinkedSeconds() === undefined; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.ok((seal.unlinkedSeconds() ?? 0) > 60)
  release()
  await holding
  for (let tries = 0; tries < 500 && seal.unlinkedSeconds() !== 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await seal.stop()
  t.equal(seal.unlinkedSeconds(), 0)
})
