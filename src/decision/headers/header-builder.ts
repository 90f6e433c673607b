// The headers of the request to the upstream, built anew from the raw list: order, case and repeats survive, and
// nothing that a client writes, under whatever alias, can take away or stand beside what the gateway says.

import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Api, Settings, Table, Upstream } from '../../config/compiled.ts'
import { clientHeader, foldHeaderName, userHeader } from '../../config/header-names.ts'
import type { TokenPart } from '../../credentials/record.ts'
import {
  type Fate,
  forwardsAuthorization,
  forwardsProof,
  judgeName,
  reservedNames,
} from './forwarded-headers.ts'
import type { Inquiry } from '../inquiry.ts'
import type { Principal } from '../principal.ts'

export interface HeaderBuilder {
  /**
   * Field lines for the upstream, each with its CRLF, without Host and what frames the message. Throws where the caller's
   * record holds what cannot stand in a header.
   */
  build(inquiry: Inquiry): string
}

/** Makes the builder for one upstream under one table: their names are known beforehand. Throws on one that is none. */
export function createHeaderBuilder(settings: Settings, table: Table, upstream: Upstream): HeaderBuilder {
  const reserved = reservedNames(settings, table, upstream)
  const fateOf = remembering((name) => judgeName(foldHeaderName(name), reserved))
  const identify = createIdentifier(settings)

  function passes(inquiry: Inquiry, name: string): boolean {
    const fate = fateOf(name)
    if (fate === 'never') return false
    if (fate === 'trusted' && !inquiry.isPeerTrusted) return false
    if (fate === 'authorization' && !passesBy(inquiry, forwardsAuthorization)) return false
    if (fate === 'proof' && !passesBy(inquiry, forwardsProof)) return false
    const { connectionNames } = inquiry.head
    // As many as may be listed, and no more (`mostConnectionNames`).
    return connectionNames.length === 0 || !connectionNames.includes(foldHeaderName(name))
  }

  const configured = upstream.headers.map(([name, value]) => fieldLine(name, value)).join('')

  return {
    build(inquiry) {
      let lines = ''
      const fields = inquiry.fields
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const name = fields[i] ?? ''
        // Parsed from a head: neither can hold the end of a line.
        if (passes(inquiry, name)) lines += `${name}: ${fields[i + 1]}\r\n`
      }
      lines += forwarded(inquiry) + configured
      return inquiry.principal === undefined ? lines : lines + identify(inquiry.principal)
    },
  }
}

/** So many names at least are remembered, and twice as many at most. */
const rememberedNames = 1_000

/**
 * What was judged of the names seen lately, so that each is folded and judged once. Clients choose the names: those that
 * one of them makes up push out what nobody asks for any more, not what comes with every request.
 */
function remembering(judge: (name: string) => Fate): (name: string) => Fate {
  let recent = new Map<string, Fate>()
  let older = recent
  return (name) => {
    let fate = recent.get(name)
    if (fate === undefined) {
      fate = older.get(name) ?? judge(name)
      if (recent.size >= rememberedNames) {
        older = recent
        recent = new Map()
      }
      recent.set(name, fate)
    }
    return fate
  }
}

/** Tells who calls. */
function createIdentifier({ identity }: Settings): (principal: Principal) => string {
  for (const name of Object.values(identity)) validateHeaderName(name)
  return ({ record, grant, outside }) => {
    const merchant = `${identity.merchant}: ${checked(record.merchantId)}\r\n`
    const permissions = `${identity.permissions}: ${checked(grant.permissionsHeader)}\r\n`
    const key = `${identity.key}: ${checked(record.keyId)}\r\n`
    const lines = `${merchant}${permissions}${key}${identity.environment}: ${checked(record.environment)}\r\n`
    if (record.token === null) return lines
    return lines + clientLines(outside === undefined ? record.keyId : outside.clientId, record.token)
  }
}

/** Of an access token: to whom it was given, and for whom. */
function clientLines(clientId: string | null, { userId }: TokenPart): string {
  const client = clientId === null ? '' : `${clientHeader}: ${checked(clientId)}\r\n`
  return userId === null ? client : `${client}${userHeader}: ${checked(userId)}\r\n`
}

const unwritable = /[^\t\x20-\x7e\x80-\xff]/

/** A line's end in a value would be the next field's beginning. */
function checked(value: string): string {
  if (unwritable.test(value)) throw new Error("the caller's record holds what cannot stand in a header")
  return value
}

function fieldLine(name: string, value: string): string {
  validateHeaderName(name)
  validateHeaderValue(name, value)
  return `${name}: ${value}\r\n`
}

function passesBy({ host }: Inquiry, forwards: (api: Api) => boolean): boolean {
  return host !== undefined && forwards(host.api)
}

/** X-Request-Id and the X-Forwarded family: what a trusted proxy said is carried on, else only what we saw. */
function forwarded(inquiry: Inquiry): string {
  const { head, isPeerTrusted, peer } = inquiry
  const before = isPeerTrusted && head.forwardedFor !== undefined ? `${head.forwardedFor}, ` : ''
  const host = (isPeerTrusted ? head.forwardedHost : undefined) ?? head.host
  const id = `X-Request-Id: ${inquiry.requestId}\r\nX-Forwarded-For: ${before}${peer}\r\n`
  return `${id}X-Forwarded-Proto: ${inquiry.isSecure ? 'https' : 'http'}\r\nX-Forwarded-Host: ${host}\r\n`
}
