// The requests of the load, byte by byte the same for every subject. `{key}` stands for a key of a list.

const host = 'Host: api.flintn.com\r\nAccept: application/json\r\nUser-Agent: bench\r\n'

const smallPath = '/v1/transactions/txn_1001'

/** An answer of 300 bytes. */
export const getSmall = (key: string) => `GET ${smallPath} HTTP/1.1\r\n${host}X-Api-Key: ${key}\r\n\r\n`

/** The same with an access token. */
export const getWithToken = (token: string) =>
  `GET ${smallPath} HTTP/1.1\r\n${host}Authorization: Bearer ${token}\r\n\r\n`

/** The same with one that is bound to a key; `{key}` stands for a proof. */
export const getWithProof = (token: string) =>
  `GET ${smallPath} HTTP/1.1\r\n${host}Authorization: DPoP ${token}\r\nDPoP: {key}\r\n\r\n`

/** What a proof says of these requests. */
export const provenUrl = `http://api.flintn.com${smallPath}`

/** An answer of 1 MiB. */
export const getLarge = (key: string) => `GET /v1/exports/large HTTP/1.1\r\n${host}X-Api-Key: ${key}\r\n\r\n`

/** Needs a permission that the bench's key has not. */
export const getForbidden = (key: string) =>
  `GET /v1/subscriptions/sub_1001 HTTP/1.1\r\n${host}X-Api-Key: ${key}\r\n\r\n`

const postBody = JSON.stringify({ query: 'x'.repeat(2_048 - '{"query":""}'.length) })

/** A body of 2 KiB. */
export const postSmall = (key: string) =>
  `POST /v1/transactions/search HTTP/1.1\r\n${host}X-Api-Key: ${key}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${postBody.length}\r\n\r\n${postBody}`

/** What the upstream answers: 300 bytes, as payment APIs answer. */
export const smallAnswer = JSON.stringify({
  id: 'txn_1001',
  object: 'transaction',
  amount: 8834,
  currency: 'GBP',
  status: 'authorized',
  description: 'Order 28094',
  card: { brand: 'visa', last4: '2526' },
  created_at: '2026-10-19T06:27:04Z',
  livemode: true,
  reference: 'x'.repeat(73),
})

export const largeAnswerBytes = 1024 * 1024
