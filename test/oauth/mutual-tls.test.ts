// Clients that show a certificate, and tokens bound to it (RFC 8705), with certified clients over real TLS.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { Agent, fetch as undiciFetch } from 'undici'
import { makeAuthority, type Made } from '../support/certificates.ts'
import { adminToken, prepareTestProgram, startPrepared } from '../support/program.ts'
import { errorOf } from './flow.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

const read = (file: string) => readFileSync(file, 'utf8')

async function start(t: Test, oauth = 'oauth: {}') {
  const authority = makeAuthority(t)
  const others = makeAuthority(t)
  const server = authority.make('server', { names: ['localhost', 'api.flintn.com'] })
  const tls = `, tls: { cert: ${server.certFile}, key: ${server.keyFile}, client_certificates: optional }`
  const port = await freePort()
  const url = `https://localhost:${port}`
  const own = `, public_url: "${url}", client_ca: ${authority.caFile}, mtls_url: https://mtls.example.test`
  const prepared = await prepareTestProgram(t, {
    ...{ gateway: tls, control: tls + own, controlPort: port, sections: 'hub: {}', api: `    ${oauth}` },
  })
  const program = await startPrepared(t, prepared)

  /** As a client with that certificate, or none. */
  function fetchAs(made?: Made): (target: unknown, init?: object) => Promise<Response> {
    const pair = made && { cert: read(made.certFile), key: read(made.keyFile) }
    const dispatcher = new Agent({ connect: { ca: read(authority.caFile), ...pair } })
    t.teardown(() => dispatcher.destroy())
    return async (target, init) => {
      const answer = await undiciFetch(String(target), { ...init, dispatcher })
      const { status, headers } = answer
      return new Response(await answer.text(), { status, headers: [...headers] })
    }
  }
  const plain = fetchAs()
  async function call(path: string, body: object) {
    const answer = await plain(`${url}/admin/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: Object(await answer.json()) as Record<string, unknown> }
  }
  const { body: merchant } = await call('/merchants', { name: 'm' })
  const make = (about: object) =>
    call('/clients', {
      ...{ name: 'Books', merchant_id: merchant['id'], grants: ['client_credentials'] },
      ...{ permissions: ['transaction.read'], bound: true, ...about },
    })

  async function configAs(id: unknown, made?: Made): Promise<client.Configuration> {
    const options = { algorithm: 'oauth2', [client.customFetch]: fetchAs(made) } as const
    const config = await client.discovery(
      new URL(`${url}/oauth`),
      String(id),
      {},
      client.TlsClientAuth(),
      options,
    )
    // As said, its own address for these clients; here both are one.
    const { mtls_endpoint_aliases: _, ...metadata } = config.serverMetadata()
    const same = new client.Configuration(metadata, String(id), {}, client.TlsClientAuth())
    same[client.customFetch] = fetchAs(made)
    return same
  }

  const ask = (token: string, made?: Made, session?: Buffer) =>
    request({ port: program.gatewayPort, ca: read(authority.caFile), token, made, session })
  return { url, authority, others, make, configAs, ask, plain, log: program.log }
}

interface Asked {
  readonly port: number
  readonly ca: string
  readonly token: string
  readonly made: Made | undefined
  readonly session: Buffer | undefined
}

/** One request to the gateway; resolves with its status or code, and a session to go on with. */
async function request({ port, ca, token, made, session }: Asked) {
  const pair = made && { cert: read(made.certFile), key: read(made.keyFile) }
  const socket: TLSSocket = connect({
    port,
    servername: 'api.flintn.com',
    ca,
    ...pair,
    ...(session && { session }),
  })
  let last: Buffer | undefined
  socket.on('session', (one: Buffer) => {
    last = one
  })
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (part: string) => {
    text += part
  })
  socket.write(
    `GET /v1/transactions/1 HTTP/1.1\r\nHost: api.flintn.com\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
  )
  await new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject))
  const isReused = socket.isSessionReused()
  socket.destroy()
  return { outcome: /"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(9, 12), session: last, isReused }
}

function jwkOf({ certFile }: Made): object {
  const certificate = new X509Certificate(read(certFile))
  return { ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] }
}

void t.test('clients that show a certificate', async (t) => {
  const { url, authority, others, make, configAs, ask, plain, log } = await start(t)
  const books = authority.make('books', { names: ['books.example'] })
  const reasons = () => log.flatMap(({ reason }) => (typeof reason === 'string' ? [reason] : []))

  await t.test('the metadata says so, and where they come to', async (t) => {
    const about = Object(await (await plain(`${url}/.well-known/oauth-authorization-server/oauth`)).json())
    t.match(about, {
      tls_client_certificate_bound_access_tokens: true,
      mtls_endpoint_aliases: { token_endpoint: 'https://mtls.example.test/oauth/token' },
    })
    t.match(
      String(about.token_endpoint_auth_methods_supported),
      'private_key_jwt,tls_client_auth,self_signed',
    )
  })

  await t.test(
    'a token works with the certificate that it is bound to, and without it is a wrong key',
    async (t) => {
      const made = await make({ auth_method: 'tls_client_auth', tls_subject: { san_dns: 'books.example' } })
      t.equal(made.status, 201, JSON.stringify(made.body))
      t.match(made.body, { client_secret: null, tls_subject: { san_dns: 'books.example' } })
      const config = await configAs(made.body['client_id'], books)
      const { access_token: token } = await client.clientCredentialsGrant(config)
      const thumbprint = new X509Certificate(read(books.certFile)).fingerprint256.replaceAll(':', '')
      const cnf = { 'x5t#S256': Buffer.from(thumbprint, 'hex').toString('base64url') }
      t.match(await client.tokenIntrospection(config, token), { active: true, cnf })
      const first = await ask(token, books)
      t.equal(first.outcome, '200')
      t.equal((await ask(token)).outcome, 'INVALID_API_KEY')
      t.equal(reasons().at(-1), 'certificate_missing')
      const renewed = authority.make('renewed', { names: ['books.example'] })
      t.equal((await ask(token, renewed)).outcome, 'INVALID_API_KEY')
      t.equal(reasons().at(-1), 'certificate_other')
      const again = await client.clientCredentialsGrant(await configAs(made.body['client_id'], renewed))
      t.equal(
        (await ask(again.access_token, renewed)).outcome,
        '200',
        'a renewed certificate has tokens of its own',
      )
      const resumed = await ask(token, books, first.session)
      t.same([resumed.outcome, resumed.isReused], ['200', true], 'a session that goes on is of whom it was')
    },
  )

  await t.test('another name, another authority, an expired one, or none is nobody', async (t) => {
    const { body } = await make({ auth_method: 'tls_client_auth', tls_subject: { subject_dn: 'CN=books' } })
    t.match(await client.clientCredentialsGrant(await configAs(body['client_id'], books)), {
      token_type: 'bearer',
    })
    for (const [why, shown] of [
      ['another name', () => authority.make('pictures')],
      ['another authority', () => others.make('books')],
      ['expired', () => authority.make('books', { fromDays: -9, toDays: -1 })],
      ['not yet', () => authority.make('books', { fromDays: 2 })],
      ['self-signed', () => authority.make('books', { isSelfSigned: true })],
      ['none', () => undefined],
    ] as const) {
      const config = await configAs(body['client_id'], shown())
      t.equal(await errorOf(client.clientCredentialsGrant(config)), 'invalid_client', why)
    }
  })

  await t.test('a registered certificate is known by itself, whoever has issued it', async (t) => {
    const own = others.make('own', { isSelfSigned: true })
    const about = { auth_method: 'self_signed_tls_client_auth', jwks: { keys: [jwkOf(own)] } }
    const made = await make(about)
    t.equal(made.status, 201, JSON.stringify(made.body))
    const { access_token: token } = await client.clientCredentialsGrant(
      await configAs(made.body['client_id'], own),
    )
    t.equal((await ask(token, own)).outcome, '200')
    t.equal((await ask(token, books)).outcome, 'INVALID_API_KEY')
    const wrong = await configAs(made.body['client_id'], books)
    t.equal(await errorOf(client.clientCredentialsGrant(wrong)), 'invalid_client')
  })

  await t.test('a client that is not bound has tokens for whoever holds them', async (t) => {
    const about = { auth_method: 'tls_client_auth', tls_subject: { san_dns: 'books.example' }, bound: false }
    const { body } = await make(about)
    const own = authority.make('unbound', { names: ['books.example'] })
    const { access_token: token } = await client.clientCredentialsGrant(
      await configAs(body['client_id'], own),
    )
    t.equal((await ask(token)).outcome, '200')
  })

  await t.test('what says how it shows itself in no way, or in two, is refused as it is made', async (t) => {
    const { x5c, ...key } = Object(jwkOf(books))
    const other = Object(jwkOf(others.make('other')))
    for (const about of [
      { auth_method: 'tls_client_auth' },
      { auth_method: 'tls_client_auth', tls_subject: {} },
      { auth_method: 'tls_client_auth', tls_subject: { san_dns: 'a', san_uri: 'b' } },
      { auth_method: 'tls_client_auth', tls_subject: { san_dns: 'a' }, jwks: { keys: [jwkOf(books)] } },
      { auth_method: 'client_secret', tls_subject: { san_dns: 'a' } },
      { auth_method: 'self_signed_tls_client_auth' },
      { auth_method: 'self_signed_tls_client_auth', jwks: { keys: [key] } },
      { auth_method: 'self_signed_tls_client_auth', jwks: { keys: [{ ...other, x5c }] } },
      { auth_method: 'self_signed_tls_client_auth', jwks: { keys: [{ ...key, x5c: ['AAAA'] }] } },
      { auth_method: 'self_signed_tls_client_auth', jwks_uri: 'https://books.example/jwks' },
    ])
      t.equal((await make(about)).status, 422, JSON.stringify(about).slice(0, 90))
  })
})

void t.test('fapi2 takes clients by certificate, and binds their tokens to it', async (t) => {
  const { authority, make, configAs, ask } = await start(t, 'oauth: { profile: fapi2 }')
  const books = authority.make('books', { names: ['books.example'] })
  const about = { auth_method: 'tls_client_auth', tls_subject: { san_dns: 'books.example' }, bound: false }
  const { body } = await make(about)
  t.equal(body['bound'], true)
  const { access_token: token } = await client.clientCredentialsGrant(
    await configAs(body['client_id'], books),
  )
  t.equal((await ask(token, books)).outcome, '200')
  t.equal((await ask(token)).outcome, 'INVALID_API_KEY')
})
