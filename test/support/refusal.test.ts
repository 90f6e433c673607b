import t from 'tap'
import { faultsOfRefusal } from './refusal.ts'
import { parseResponse } from './wire.ts'

const id = 'req_01M7ZSXWKB0FAVMKR431A7ZS6N'
const refusal = (status: number, code: string, requestId = id) =>
  parseResponse(
    `HTTP/1.1 ${status} X\r\nCache-Control: no-store\r\nX-Error-Source: gateway\r\nX-Request-Id: ${id}\r\n\r\n` +
      JSON.stringify({ error: { code, message: 'm', request_id: requestId } }),
  )

t.test('a refusal in the one shape has no faults', async (t) => {
  t.same(faultsOfRefusal(refusal(404, 'ROUTE_NOT_FOUND'), ['secret']), [])
})

t.test('what differs is named', async (t) => {
  t.same(faultsOfRefusal(refusal(500, 'ROUTE_NOT_FOUND')), ['code ROUTE_NOT_FOUND with status 500'])
  t.same(faultsOfRefusal(refusal(404, 'ROUTE_NOT_FOUND', 'x')), ['request_id is not that of the header'])
  t.same(faultsOfRefusal(refusal(404, 'ROUTE_NOT_FOUND'), ['no-store']), ['repeats no-store'])
  t.equal(faultsOfRefusal(parseResponse('HTTP/1.1 400 Bad Request\r\n\r\n')).length, 5)
})
