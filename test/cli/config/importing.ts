// Imports of OpenAPI documents, as somebody types them: a gateway file, a document and perhaps a table in a folder.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gatewayYaml } from '../../config/files.ts'
import { typed } from './typed.ts'

interface TestFolder {
  testdir(files: Record<string, string>): string
}

/** A gateway file, a document, and perhaps a table, in a folder. */
export function folderOf(t: TestFolder, document: object, table?: string): string {
  const files = { 'gateway.yaml': gatewayYaml, 'api.json': JSON.stringify(document, null, 2) }
  return t.testdir({ ...files, ...(table !== undefined && { 'table.yaml': table }) })
}

export async function importInto(folder: string, ...flags: string[]) {
  return typed(['import-openapi', join(folder, 'api.json'), '--into', join(folder, 'table.yaml'), ...flags])
}

/** The table as it stands. */
export const text = (folder: string) => readFileSync(join(folder, 'table.yaml'), 'utf8')
/** A table by hand, with comments. */
export const table = `# Ours, by hand.
permissions:
  thing.read:  Read things    # the old name
  thing.write: Write things
routes:
  # The things
  GET    /v1/things:             thing.read      # a comment
  GET    /v1/things/{thing}:     { permission: thing.read, timeout: 5s }

  # The rest
  GET    /v1/house:              public
`
/** One operation. */
export const get = { get: {} }
/** A document of the API that `gateway.yaml` has. */
export const document = (paths: object) => ({
  openapi: '3.1.0',
  info: {},
  servers: [{ url: 'https://api.flintn.com/v1' }],
  paths,
})

/** What an operation needs. */
export const scoped = (...scopes: string[]) => ({ security: [{ oauth: scopes }] })

/** Imports again, and compares. */
export async function again(folder: string): Promise<{ isSame: boolean; drift: string }> {
  const once = text(folder)
  await importInto(folder)
  const checked = await typed(['check', join(folder, 'gateway.yaml'), '--openapi', join(folder, 'api.json')])
  return { isSame: text(folder) === once, drift: checked.stderr }
}

/** Of an import after which nothing is left to do. */
export const settled = { isSame: true, drift: '' }
