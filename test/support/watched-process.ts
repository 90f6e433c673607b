// The program as a process of its own that tells, when asked, what it holds: handles, timers, memory, failures.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AdminClient, adminClient } from './admin.ts'
import { type RunningProcess, startProcess } from './process.ts'
import { adminToken, cacheKey } from './program.ts'
import type { ResourceReport } from './resource-report.ts'

export interface WatchedProcess extends RunningProcess {
  readonly admin: AdminClient
  /** What it holds now, after a garbage collection. */
  report(): Promise<ResourceReport>
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

const preload = new URL('resource-report.js', import.meta.url).href

/** Starts it on a gateway file; ended with the test. */
export async function startWatchedProcess(t: Teardown, file: string): Promise<WatchedProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-report-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const reportFile = join(folder, 'report.json')
  const gateway = await startProcess(['--config', file], {
    LATCHKEY_ADMIN_TOKEN: adminToken,
    LATCHKEY_CACHE_KEY: cacheKey,
    LATCHKEY_TEST_REPORT: reportFile,
    NODE_OPTIONS: `--import ${preload}`,
  })
  t.teardown(async () => {
    await gateway.stop()
  })
  let asked = 0
  return {
    ...gateway,
    admin: adminClient(`http://127.0.0.1:${gateway.controlPort}`, adminToken),
    async report() {
      asked++
      gateway.child.kill('SIGUSR2')
      for (;;) {
        const text = await readFile(reportFile, 'utf8').catch(() => '{"number":0}')
        const report: ResourceReport = JSON.parse(text)
        if (report.number >= asked) return report
        if (gateway.child.exitCode !== null) throw new Error(`the gateway has ended: ${gateway.output()}`)
        await sleep(20)
      }
    },
  }
}
