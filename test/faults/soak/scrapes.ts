// What /metrics says, scrape after scrape: that nothing that counts goes back, and the most of what comes and goes.

import { countsIn } from '../../support/request-sums.ts'

export interface Scrapes {
  /** Of the last scrape. */
  readonly counts: number
  /** Series of counters and histograms that went back. */
  readonly backwards: readonly string[]
  /** The largest since this was asked last. */
  takeMost(): { readonly loopP99Ms: number; readonly clientConnections: number }
  scrape(): Promise<void>
}

/** Names of what counts, from the text of a scrape: prom-client has gauges that are named as if they did. */
function countersIn(text: string): RegExp {
  const types = [...text.matchAll(/^# TYPE (\w+) (counter|histogram)$/gm)]
  const names = types.map(([, name, type]) => (type === 'counter' ? name : `${name}_(?:bucket|count|sum)`))
  return new RegExp(`^(?:${names.join('|')})(?:\\{| )`)
}

/** Begins; `read` gives the text of a scrape. */
export function createScrapes(read: () => Promise<string>): Scrapes {
  const last = new Map<string, number>()
  const backwards: string[] = []
  let counts = 0
  let most = { loopP99Ms: 0, clientConnections: 0 }

  function watch(line: string): void {
    const at = line.lastIndexOf(' ')
    const [name, value] = [line.slice(0, at), Number(line.slice(at + 1))]
    const before = last.get(name) ?? 0
    if (value < before) backwards.push(`${name}: ${before}, then ${value}`)
    last.set(name, value)
  }

  function valueOf(text: string, name: string): number {
    const line = text.split('\n').find((one) => one.startsWith(`${name} `))
    return Number(line?.slice(name.length + 1) ?? 0)
  }

  return {
    get counts() {
      return counts
    },
    backwards,
    takeMost() {
      const taken = most
      most = { loopP99Ms: 0, clientConnections: 0 }
      return taken
    },
    async scrape() {
      const text = await read()
      counts = countsIn(text)
      const counting = countersIn(text)
      for (const line of text.split('\n')) if (counting.test(line)) watch(line)
      const p99 = valueOf(text, 'latchkey_nodejs_eventloop_lag_p99_seconds') * 1_000
      const open = valueOf(text, 'latchkey_client_connections{of="open"}')
      most = {
        loopP99Ms: Math.max(most.loopP99Ms, p99),
        clientConnections: Math.max(most.clientConnections, open),
      }
    },
  }
}
