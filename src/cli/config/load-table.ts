// Loads a gateway file for a verb that has nothing to say about one that is faulty.

import type { CompiledConfig } from '../../config/compiled.ts'
import { formatFault, loadConfig } from '../../config/load.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'

const mostShown = 20

/** The configuration. Throws CliError (unreadable input) with the faults; warnings are for `config check`. */
export async function loadTable(file: string, env: CliIo['env']): Promise<CompiledConfig> {
  const result = await loadConfig(file, env, { skipsCertificates: true })
  if (result.ok) return result.config
  const faults = result.faults.slice(0, mostShown).map(formatFault)
  const more = result.faults.length - faults.length
  throw new CliError(`${file} is not valid`, exitCodes.usage, [
    ...faults,
    ...(more > 0 ? [`and ${more} more: see latchkey config check ${file}`] : []),
  ])
}
