// What Prometheus is told of certificates.

import type { CertificateNote, Dated } from '../config/certificate-notes.ts'
import { endOf } from '../config/certificates.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export interface Watched {
  /** `gateway`, `control`, or the name of an upstream. */
  readonly of: string
  readonly files: readonly Dated[]
  /** Why the files on disk are not in force; undefined: they are. */
  readonly fault: string | undefined
}

export interface CertificateMetricsDeps {
  readonly metrics: Metrics
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/** Registers them; `names` tells what the certificate for clients is not for, and null: there is none. */
export function addCertificateMetrics(
  { metrics, now }: CertificateMetricsDeps,
  watched: () => readonly Watched[],
  names: (() => readonly CertificateNote[]) | null,
): void {
  const secondsLeft = ({ files }: Watched) =>
    (Math.min(...files.map(({ chain }) => endOf(chain))) - now()) / 1_000
  metrics.gauge(
    'latchkey_certificate_expires_seconds',
    'Seconds until the first certificate ends that is shown to clients (gateway, control) or used with an upstream',
    () => {
      const dated = watched().filter(({ files }) => files.length > 0)
      return Object.fromEntries(dated.map((one) => [one.of, secondsLeft(one)]))
    },
    'min',
  )
  metrics.gauge(
    'latchkey_certificate_valid',
    '1 while the certificate files on disk are the ones in force',
    () => Object.fromEntries(watched().map(({ of, fault }) => [of, fault === undefined ? 1 : 0])),
    'min',
  )
  if (names === null) return
  metrics.gauge(
    'latchkey_certificate_names',
    'Hosts of APIs that the certificate is not for (uncovered), and names of it that no API has (unused)',
    () => {
      const notes = names()
      const count = (kind: CertificateNote['kind']) => notes.filter((note) => note.kind === kind).length
      return { uncovered: count('uncovered'), unused: count('unused') }
    },
    'max',
  )
}
