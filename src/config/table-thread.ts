// The thread's own program: reads the table that it was asked for, hands it over, and ends.

import { parentPort, workerData } from 'node:worker_threads'
import { createReport } from './fault.ts'
import { readTable } from './table.ts'
import { packTable, type TableAnswer, type TableOrder } from './table-aside.ts'

const { source, env } = workerData as TableOrder
const report = createReport()
const table = readTable(source, env, report)
const { faults, warnings } = report
const answer: TableAnswer = { table: table && packTable(table), faults, warnings }
parentPort?.postMessage(answer)
