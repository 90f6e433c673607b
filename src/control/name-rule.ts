// A rule of our own for schemas: names are checked and brought into their normal form where the schema is checked, so
// that no route can forget it, lines of an import included.

import type { FuncKeywordDefinition, SchemaValidateFunction } from 'ajv'
import { readName } from '../credentials/name.ts'

/** The member of a schema; its value: how many characters a name may have. */
export const nameRule = 'x-name'

const check: SchemaValidateFunction = (most: number, text: string, _schema, place) => {
  const read = readName(text, most)
  if (read.ok) {
    if (place) place.parentData[place.parentDataProperty] = read.name
    return true
  }
  check.errors = [{ keyword: nameRule, message: read.message, params: {} }]
  return false
}

/** For Ajv's `keywords`. */
export const nameKeyword: FuncKeywordDefinition = {
  keyword: nameRule,
  type: 'string',
  schemaType: 'number',
  modifying: true,
  validate: check,
}
