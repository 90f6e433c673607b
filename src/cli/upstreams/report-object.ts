// What was found, for programs: names as the admin API writes them.

import type { Findings } from './probe-upstream.ts'
import { propose } from './propose.ts'
import type { NamedProbe } from './report.ts'

/** What `--json` prints. Times in milliseconds, sizes in bytes; null where something could not be found out. */
export function reportObject(probes: readonly NamedProbe[]): unknown {
  return {
    upstreams: probes.map(({ name, origin, probed }) =>
      probed.ok
        ? {
            name,
            url: origin,
            reachable: true,
            ...objectOf(probed.findings),
            proposal: propose(probed.findings),
          }
        : { name, url: origin, reachable: false, ...probed.failure },
    ),
  }
}

function objectOf({ reached, persistence, stalls, ...findings }: Findings): object {
  const { http, tls, status, answerMs } = reached
  return {
    status,
    answer_ms: answerMs,
    http,
    tls: tls && { version: tls.version, alpn: tls.alpn, offers_h2: tls.offersH2 },
    persistence: persistence && {
      says: persistence.says,
      said_seconds: persistence.saidSeconds,
      kept_ms: persistence.keptMs,
    },
    connections_at_once: findings.connectionsAtOnce,
    stalls: stalls && { fresh_ms: stalls.freshMs, kept_ms: stalls.keptMs, stalling: stalls.isStalling },
    bodies: findings.bodies.map(({ isLate, isClosing, ...one }) => ({
      ...one,
      after_its_head: isLate,
      asked_to_close: isClosing,
    })),
    largest_body: findings.bodySizes && sizeObject(findings.bodySizes),
    largest_head: findings.headSizes && sizeObject(findings.headSizes),
    expect_continue: findings.expectation,
  }
}

function sizeObject({ takenBytes, refused }: NonNullable<Findings['headSizes']>): object {
  return { taken_bytes: takenBytes, refused }
}
