// docs/grafana.json as data: what tests look at.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../../../docs/grafana.json', import.meta.url))

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[]
}

export interface Board {
  readonly panels: readonly Panel[]
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] }
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}

export async function readBoard(): Promise<Board> {
  return JSON.parse(await readFile(file, 'utf8'))
}

/** Its queries as they are asked of Prometheus, everything chosen. */
export function queriesOf({ panels, annotations }: Board): string[] {
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const marks = annotations.list.flatMap(({ expr }) => expr ?? [])
  return [...queries, ...marks].map((query) =>
    query.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.+').replaceAll('$instance', '.*'),
  )
}
