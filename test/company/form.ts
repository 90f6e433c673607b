// The quick form is part of `npm test`; the long one is `npm run test:company`, and takes every program of the tables.
// LATCHKEY_COMPANY=NAME, parts of names apart by commas, takes those alone.

const wanted = process.env['LATCHKEY_COMPANY']?.toLowerCase().split(',')

export const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'

interface Entry {
  readonly name: string
  readonly isQuick?: true
}

/** What this run takes of a table. */
export function inThisForm<T extends Entry>(table: readonly T[]): readonly T[] {
  if (wanted !== undefined)
    return table.filter(({ name }) => wanted.some((part) => name.toLowerCase().includes(part)))
  return table.filter(({ isQuick }) => isLong || isQuick === true)
}
