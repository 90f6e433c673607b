// When merchants are looked through for what their admins are to be told by mail: a minute after the start, and every hour. Each
// has a day of its own, counted from its last look.

import { mailReminders, type ReminderMailDeps } from './mail-reminders.ts'

const firstMs = 60_000
const everyMs = 60 * 60_000

export function createReminding(
  deps: ReminderMailDeps,
  times: { readonly firstMs: number; readonly everyMs: number } = { firstMs, everyMs },
): { stop(): Promise<void> } {
  let isStopped = false
  let running: Promise<void> | undefined

  function begin(): void {
    running ??= mailReminders(deps, () => isStopped).finally(() => {
      running = undefined
    })
  }

  const first = setTimeout(begin, times.firstMs).unref()
  const timer = setInterval(begin, times.everyMs).unref()
  return {
    async stop() {
      isStopped = true
      clearTimeout(first)
      clearInterval(timer)
      await running
    },
  }
}
