// What `config explain` tells of a file, told of the table in force.

import { METHODS } from 'node:http'
import { describe } from '../cli/config/explanation.ts'
import type { CompiledConfig, Table } from '../config/compiled.ts'
import type { ControlDeps } from '../control/dependencies.ts'
import { decide } from '../decision/decide.ts'
import { readUrl } from '../decision/request/url.ts'

/** `config`: what the process began with; the table is asked for anew each time. */
export function createExplain(config: CompiledConfig, table: () => Table): ControlDeps['explain'] {
  return ({ method, url, host, caller }) => {
    if (!METHODS.includes(method)) return { at: 'method', fault: 'is no HTTP method' }
    const current = { ...config, table: table() }
    const read = readUrl(url, host, current)
    if (!read.ok) return { at: 'url', fault: read.message }
    const decision = decide(current, {
      ...{ ...read, method, preflightFor: undefined },
      caller: caller && { ...caller, unusable: undefined },
    })
    const told = describe({ config: current, method, host: read.host, decision, key: undefined })
    // Without the headers: those of an upstream are its secrets.
    const { code, status, reason, hint, api, environment, upstream, route, required, match, held } = told
    return {
      ...{ decision: told.decision, code, status, reason, hint, api, environment, upstream, route, match },
      ...{ sent_path: told.sent_path, required: required && [...required], held: held && [...held] },
      limits: [...told.limits],
    }
  }
}
