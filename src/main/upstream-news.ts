// What is told in the log of an upstream whose ways are not quite those of HTTP: bounded lines, for who runs it.

import type { UpstreamNews } from '../gateway/upstream/news.ts'
import type { Logger } from '../telemetry/log.ts'

const habits = {
  closes:
    'An upstream closes connections after its answers without saying so: they are not used again for now',
  stalls:
    'An upstream sends head and body apart and waits in between on connections that are used again: they are not for now',
  starves:
    'An upstream serves no other connection while one is kept open: connections are not used again for now',
} as const

const oddities = {
  bare_lf: 'Lines of a head end in LF alone: CRLF was put in their place',
  repeated_length: 'Content-Length stands in a head more than once: it was passed on once',
  control_character: 'A header value holds control characters: spaces were put in their place',
} as const

/** Tells it in lines at warn; that all is well again at info. */
export function upstreamNews(log: Pick<Logger, 'info' | 'warn' | 'error'>): UpstreamNews {
  return {
    notReused: (upstream, habit, milliseconds) =>
      log.warn({ upstream, habit, seconds: milliseconds / 1_000 }, habits[habit]),
    target(upstream, target, reason) {
      if (reason === undefined) log.info({ upstream, target }, 'A target of an upstream gets requests again')
      else log.warn({ upstream, target, reason }, 'A target of an upstream gets no requests while others do')
    },
    notMoved: (upstream, error) =>
      log.error(
        { upstream, err: error },
        'A name of an upstream has other addresses and they cannot be used: those of before are kept',
      ),
    odd: (upstream, oddity) => log.warn({ upstream, oddity }, oddities[oddity]),
  }
}
