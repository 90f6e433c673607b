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
