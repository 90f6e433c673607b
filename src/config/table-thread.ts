// The thread's own program: reads the table that it was asked for, and hands it over.

import { parentPort, workerData } from 'node:worker_threads'
import { createReport } from './fault.ts'
import { readTable, type TableOrder } from './table.ts'
import { answerOf } from './table-aside.ts'

const order = workerData as TableOrder
const report = createReport()
parentPort?.postMessage(answerOf(readTable(order, report), report))
