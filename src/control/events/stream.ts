// One stream of server-sent events: bounded in what waits for its reader, and asked again and again whether it may go on.

import { finished, Readable } from 'node:stream'

export interface EventStream {
  readonly body: Readable
  /** Says an event, unless too much waits: then it counts as lost, which is told once there is room. */
  say(event: string, data: object): void
  /** Says that so many were lost. */
  lose(count: number): void
  end(): void
}

export interface StreamDeps {
  /** Rejects once it may not go on. */
  readonly confirm: () => Promise<void>
  /** Called once, when it is over. */
  readonly over: () => void
  readonly confirmEveryMs?: number
  readonly endsWithinMs?: number
}

/** What waits in a stream at most. */
const mostBytes = 64 * 1024
const defaultConfirmMs = 2_000
/** Once it is to end, what waits is left to its reader for so long: one that does not read would keep its place for ever. */
const defaultEndsMs = 5_000
/** Between two comments that show that it lives, in confirmations. */
const beatEvery = 5

/** Begins one: a comment goes out at once, so that its reader knows that it is open. */
export function createEventStream({
  confirm,
  over,
  confirmEveryMs = defaultConfirmMs,
  endsWithinMs = defaultEndsMs,
}: StreamDeps): EventStream {
  const body = new Readable({ read() {} })
  let lost = 0
  let looks = 0
  let confirming: Promise<void> | undefined

  function write(text: string): boolean {
    if (isEnding || body.destroyed || body.readableLength + text.length > mostBytes) return false
    body.push(text)
    return true
  }

  function end(): void {
    if (isEnding) return
    isEnding = true
    clearInterval(timer)
    if (!body.destroyed) body.push(null)
    setTimeout(() => body.destroy(), endsWithinMs).unref()
  }

  function tellLost(): void {
    if (lost > 0 && write(eventText('lost', { count: lost }))) lost = 0
  }

  function look(): void {
    confirming ??= confirm()
      .then(() => {
        tellLost()
        if (++looks % beatEvery === 0) write(': beat\n\n')
      }, end)
      .finally(() => {
        confirming = undefined
      })
  }

  let isEnding = false
  const timer = setInterval(look, confirmEveryMs).unref()
  finished(body, () => {
    clearInterval(timer)
    over()
  })
  write('retry: 3000\n: open\n\n')
  return {
    body,
    say(event, data) {
      if (isEnding) return
      tellLost()
      if (lost > 0 || !write(eventText(event, data))) lost++
    },
    lose(count) {
      lost += count
    },
    end,
  }
}

/** JSON holds no line ends. */
function eventText(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
