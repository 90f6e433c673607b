// `npm run test:documents`: the documents of docs/compatibility.md, got from where they are published, each through `roundTrip`,
// and their table. `npm run test:documents -- FOLDER…` takes what is in folders instead: each folder is an API. Exit code 1 where
// something is not as it must be, or a document cannot be had.

import { basename, resolve } from 'node:path'
import { printable } from '../../src/errors/printable.ts'
import { documentsIn, obtain } from './obtain.ts'
import { roundTrip, type Trip } from './round-trip.ts'
import { sources, sourceText } from './sources.ts'

interface Row {
  readonly api: string
  readonly source: string
  readonly trips: readonly Trip[]
}

const folders = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const asked =
  folders.length > 0
    ? folders.map((folder) => ({
        api: basename(resolve(folder)),
        source: '',
        files: async () => documentsIn(folder),
      }))
    : sources.map((one) => ({ api: one.api, source: sourceText(one.from), files: async () => obtain(one) }))
const rows: Row[] = []
for (const { api, source, files } of asked) {
  const trips: Trip[] = []
  for (const file of await filesOf(api, files)) trips.push(await told(file))
  rows.push({ api, source, trips })
}
console.log(tableOf(rows))

async function filesOf(api: string, files: () => Promise<string[]>): Promise<string[]> {
  try {
    const found = await files()
    if (found.length > 0) return found
    fail(`${api}: no document`)
  } catch (error) {
    fail(error instanceof Error ? error.message : api)
  }
  return []
}

async function told(file: string): Promise<Trip> {
  const trip = await roundTrip(file)
  const { operations, routes, faults, noTable } = trip
  const what =
    noTable === undefined ? `${operations} operations, ${routes} routes` : `no table: ${noTable.trim()}`
  console.log(printable(`${faults.length === 0 ? 'ok    ' : 'not ok'} ${basename(file)}: ${what}`))
  for (const fault of faults) fail(`  ${fault}`)
  return trip
}

function fail(message: string): void {
  console.log(printable(message))
  process.exitCode = 1
}

function tableOf(all: readonly Row[]): string {
  const lines = all.map(({ api, source, trips }) => {
    const made = trips.filter(({ noTable }) => noTable === undefined)
    const sum = (of: (trip: Trip) => number) => made.reduce((total, trip) => total + of(trip), 0)
    const figures = [
      made.length,
      sum(({ operations }) => operations),
      sum(({ routes }) => routes),
      sum(({ between }) => between),
      sum(({ publicRoutes }) => publicRoutes),
      sum(({ weaker }) => weaker),
    ]
    return `| ${[api, source, ...figures].join(' | ')} |`
  })
  const head =
    '| API | source | documents | operations | routes | between | public | weaker |\n|---|---|---|---|---|---|---|---|'
  return `\n${head}\n${lines.join('\n')}`
}
