import t from 'tap'
import { createReport, formatFault, formatPlace, sortFaults } from '../../src/config/fault.ts'

const place = { file: 'config/gateway.yaml', line: 3, column: 7 }

t.test('a fault reads file:line:col, what is wrong, and what was meant', async (t) => {
  t.equal(formatPlace(place), 'config/gateway.yaml:3:7')
  t.equal(
    formatFault({ ...place, message: 'unknown key `host`', suggestion: 'hosts' }),
    'config/gateway.yaml:3:7  unknown key `host`  (did you mean hosts?)',
  )
  t.equal(formatFault({ ...place, message: 'no' }), 'config/gateway.yaml:3:7  no')
})

t.test('faults come in the order of the files, then from top to bottom', async (t) => {
  const report = createReport()
  report.fault({ file: 'b', line: 1, column: 1 }, '3')
  report.fault({ file: 'a', line: 2, column: 1 }, '2')
  report.fault({ file: 'a', line: 1, column: 9 }, '1')
  report.fault({ file: 'z', line: 1, column: 1 }, '4')
  report.warn({ file: 'a', line: 1, column: 1 }, 'a warning is no fault')
  t.strictSame(
    sortFaults(report.faults, ['a', 'b']).map((fault) => fault.message),
    ['1', '2', '3', '4'],
  )
  t.equal(report.warnings.length, 1)
})
