// The table that an import writes: a new one, or the one that is there brought up to date.

import { readFile, writeFile } from 'node:fs/promises'
import { createReport, type Fault, formatFault } from '../../config/fault.ts'
import { whyUnwritable } from '../../config/file-fault.ts'
import { readSource } from '../../config/source.ts'
import { type PermissionTable, readTable } from '../../config/table.ts'
import { isObject, type OpenApiDocument } from '../../tables/openapi/document.ts'
import { updateTable } from '../../tables/openapi/import-table.ts'
import { newTable } from '../../tables/openapi/new-table.ts'
import type { Required } from '../../tables/openapi/required.ts'
import { withSettled } from '../../tables/openapi/settled.ts'
import { editTable } from '../../tables/openapi/table-text.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { Outcome } from './import-report.ts'

export interface WriteFlags {
  /** The table to bring up to date, or to make. */
  readonly into?: string
  readonly prune?: true
  readonly loosen?: true
}

export interface Writing {
  readonly document: OpenApiDocument
  readonly required: Required
  readonly flags: WriteFlags
}

export type Written = Omit<Outcome, 'joined' | 'described'> & { readonly text: string }

/** The text of a table, new or brought up to date with the file. Throws CliError where the file cannot be used. */
export async function importInto({ document, required, flags }: Writing): Promise<Written> {
  const { into } = flags
  const isThere =
    into !== undefined &&
    (await readFile(into).then(
      () => true,
      () => false,
    ))
  if (into === undefined || !isThere) {
    const { routes, between, leftOut } = withSettled(required.routes, undefined)
    const added = routes.map(({ operation }) => `${operation.method} ${operation.template}`)
    const nothing = {
      changed: [],
      notLoosened: [],
      kept: 0,
      onlyInTable: [],
      removed: [],
      newPermissions: [],
    }
    return { text: newTable(routes, titleOf(document)), summary: { added, ...nothing }, between, leftOut }
  }
  const read = await readSource(into)
  if (!read.ok) throw new CliError(`${into} ${read.message}`, exitCodes.usage)
  const report = createReport()
  const table = readTable({ source: read.source, env: {} }, report)
  const editable = editTable(into, read.source.text)
  const faults = [...report.faults, ...(editable.ok ? [] : editable.faults)]
  if (table === undefined || !editable.ok || faults.length > 0)
    throw new CliError(`${into} is not valid`, exitCodes.usage, [...new Set(faults.map(formatFault))])
  const { routes } = required
  const isPruning = flags.prune === true
  const isLoosening = flags.loosen === true
  const update = { text: editable.table, table, routes, isPruning, isLoosening }
  const { between, leftOut, ...summary } = updateTable(update)
  return { text: editable.table.toString(), summary, between, leftOut }
}

function titleOf({ root, file }: OpenApiDocument): string {
  const { title, version } = isObject(root.info) ? root.info : {}
  const words = [title, version].filter((word) => typeof word === 'string')
  return words.length === 0 ? file : words.join(' ')
}

/** Nothing is written that the gateway would not load. */
export function faultsOf(file: string, text: string): readonly Fault[] {
  const report = createReport()
  readTable({ source: { file, text }, env: {} }, report)
  return report.faults
}

export function tableOf(text: string): PermissionTable | undefined {
  return readTable({ source: { file: 'table.yaml', text }, env: {} }, createReport())
}

/** Throws CliError in words. */
export async function writeTable(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new CliError(`${file} ${whyUnwritable(error)}`, exitCodes.usage)
  }
}
