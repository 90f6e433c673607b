// What is to be told of a certificate that can be used: how long still, and for whom. The same words at `config check`, at the
// start, in the log and in /readyz.

import { isIP } from 'node:net'
import type { X509Certificate } from 'node:crypto'
import { endOf, isNameOf, namesOf } from './certificates.ts'

export interface CertificateNote {
  readonly file: string
  readonly kind: 'expired' | 'not_yet_valid' | 'ends_in_days' | 'ends_in_weeks' | 'uncovered' | 'unused'
  readonly text: string
  /** Clients are turned away by it, or will be within days. */
  readonly isGrave: boolean
}

export interface Dated {
  readonly file: string
  readonly chain: readonly X509Certificate[]
}

const dayMs = 86_400_000

/**
 * Told 30 and 7 days before the end. Of one that lives for less than three months or ten weeks, a third and a tenth of its
 * life before: it is renewed later, and would always be told of.
 */
export function notesOnTime({ file, chain }: Dated, nowMs: number): CertificateNote[] {
  const endMs = endOf(chain)
  const startMs = Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom)))
  const leftMs = endMs - nowMs
  const lifeMs = endMs - startMs
  const end = new Date(endMs).toISOString()
  if (leftMs <= 0) return [{ file, kind: 'expired', text: `${file}: expired at ${end}`, isGrave: true }]
  if (startMs > nowMs) {
    const text = `${file}: is not valid before ${new Date(startMs).toISOString()}`
    return [{ file, kind: 'not_yet_valid', text, isGrave: true }]
  }
  const text = `${file}: expires in ${inWords(leftMs)}, at ${end}`
  if (leftMs <= Math.min(7 * dayMs, lifeMs / 10)) return [{ file, kind: 'ends_in_days', text, isGrave: true }]
  if (leftMs <= Math.min(30 * dayMs, lifeMs / 3)) {
    return [{ file, kind: 'ends_in_weeks', text, isGrave: false }]
  }
  return []
}

function inWords(milliseconds: number): string {
  const days = Math.floor(milliseconds / dayMs)
  if (days >= 2) return `${days} days`
  return `${Math.floor(milliseconds / 3_600_000)} hours`
}

/** `hosts`: of all APIs, as compared (lower-case, without port). `*` among them stands for any. */
export function notesOnNames(
  {
    file,
    chain,
  }: { readonly file: string; readonly chain: readonly [X509Certificate, ...X509Certificate[]] },
  hosts: readonly string[],
): CertificateNote[] {
  const [certificate] = chain
  const names = namesOf(certificate)
  const isCovered = (host: string) =>
    isIP(host) === 0 ? names.some((name) => isNameOf(name, host)) : certificate.checkIP(host) !== undefined
  const uncovered = hosts.filter((host) => host !== '*' && !isCovered(host))
  const unused = hosts.includes('*')
    ? []
    : names.filter((name) => !hosts.some((host) => isNameOf(name, host)))
  return [
    ...uncovered.map((host): CertificateNote => {
      const text = `${file}: is not for the host ${host}, which clients ask for`
      return { file, kind: 'uncovered', text, isGrave: false }
    }),
    ...unused.map((name): CertificateNote => {
      return {
        file,
        kind: 'unused',
        text: `${file}: is for ${name}, which no API has as a host`,
        isGrave: false,
      }
    }),
  ]
}
