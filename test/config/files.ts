// Writes configuration files into a folder of the test's own and loads them.

import { join } from 'node:path'
import { formatFault, type LoadResult, loadConfig } from '../../src/config/load.ts'

interface TestFolder {
  testdir(files: Record<string, string>): string
}

/** A gateway file with one API on two hosts and nothing wrong in it. */
export const gatewayYaml = `postgres: postgres://db/latchkey
redis: none
upstreams:
  payments: { url: "http://127.0.0.1:9101" }
  payments-sandbox: { url: "http://127.0.0.1:9102" }
apis:
  flintn:
    credential: { header: X-Api-Key }
    environments:
      live: { hosts: [api.flintn.com], prefix: pk_live_, upstream: payments }
      sandbox: { hosts: [sandbox.api.flintn.com], prefix: pk_test_, upstream: payments-sandbox }
    permissions: table.yaml
`

/** A permission table with nothing wrong in it. */
export const tableYaml = `permissions:
  transaction.read: Read transaction data
routes:
  GET /v1/transactions/{id}: transaction.read
`

/** The text with one part replaced; throws if the part is not there, so that no test passes by mistake. */
export function edit(text: string, part: string, replacement: string): string {
  if (!text.includes(part)) throw new Error(`"${part}" is not in the text`)
  return text.replace(part, () => replacement)
}

/** `gatewayYaml` with another API, `flint`, before its end. */
export function withFlint(flint: string): string {
  return `${gatewayYaml}  flint:\n${flint}`
}

interface Files {
  readonly gateway?: string
  readonly table?: string
  readonly others?: Readonly<Record<string, string>>
}

/** Loads the files from a fresh folder. */
export async function load(
  t: TestFolder,
  { gateway = gatewayYaml, table = tableYaml, others = {} }: Files,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<LoadResult> {
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': table, ...others })
  const result = await loadConfig(join(folder, 'gateway.yaml'), env)
  // Places are shown relative to the folder, whose name differs from run to run.
  const shorten = <T extends { file: string; message: string }>(fault: T): T => ({
    ...fault,
    file: fault.file.replace(`${folder}/`, ''),
    message: fault.message.replaceAll(`${folder}/`, ''),
  })
  if (result.ok) return { ...result, warnings: result.warnings.map(shorten) }
  return { ...result, faults: result.faults.map(shorten), warnings: result.warnings.map(shorten) }
}

/** The faults of the files, one line each. */
export async function faultsOf(
  t: TestFolder,
  files: Files,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<string[]> {
  const result = await load(t, files, env)
  return result.ok ? [] : result.faults.map(formatFault)
}

/** The configuration of files that must be without faults. */
export async function configOf(
  t: TestFolder,
  files: Files,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Extract<LoadResult, { ok: true }>['config']> {
  const result = await load(t, files, env)
  if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'))
  return result.config
}
