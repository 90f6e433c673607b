// The thread's own program: reads the table that it was asked for, and hands it over.

import { parentPort, workerData } from 'node:worker_threads'
import { createReport } from './fault.ts'
import { readTable } from './table.ts'
import { answerOf, type TableOrder } from './table-aside.ts'

const { source, env } = workerData as TableOrder
const report = createReport()
parentPort?.postMessage(answerOf(readTable(source, env, report), report))
