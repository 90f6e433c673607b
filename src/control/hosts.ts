// Under which names the control port answers whoever asks without a token. A page that a browser loads from a name of an
// attacker's can have that name resolve to this machine, and then read what is served without a token (DNS rebinding):
// its requests carry that name as Host. So a Host is taken that is no name in public DNS, or that is listed.
// Calls with a token need no such check: no page has it.

import { isIP } from 'node:net'
import { isHostValue, normalizeHost } from '../config/hosts.ts'
import { type Denial, deny } from '../errors/denial.ts'

/** Names below these are given out by the machine, its network or its cluster, and by no registrar. */
const privateEndings = ['localhost', 'internal', 'home.arpa', 'svc', 'cluster.local']

export type HostCheck = (host: string | undefined) => Denial | undefined

/**
 * `listed`: names, `*.` before one for all below it, or `*`. `own`: what this machine and its control port are called.
 * Without a Host (HTTP/1.0 alone) no browser asks.
 */
export function createHostCheck(listed: readonly string[], own: readonly string[]): HostCheck {
  const names = new Set([...listed, ...own].map(normalizeHost))
  const endings = [...names].filter((name) => name.startsWith('*.')).map((name) => name.slice(1))
  const isKnown = (name: string) =>
    names.has('*') || names.has(name) || endings.some((ending) => name.endsWith(ending))
  return (host) => {
    if (host === undefined) return undefined
    const name = isHostValue(host) ? normalizeHost(host) : ''
    return isPrivate(name) || isKnown(name) ? undefined : deny('UNKNOWN_HOST', 'control_host', { details })
  }
}

const details = [
  { path: 'Host', message: 'is neither an address nor a name inside a network; list it in control.hosts' },
]

/** An address, a name without dots, or one that no registrar gives out. */
function isPrivate(name: string): boolean {
  if (isIP(name) !== 0) return true
  if (name === '') return false
  return !name.includes('.') || privateEndings.some((ending) => name.endsWith(`.${ending}`))
}
