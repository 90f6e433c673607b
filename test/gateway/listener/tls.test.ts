// Tickets of a server: its keys are those that are followed, whatever else sets them. Handshakes: test/wire/tls-handshakes.test.ts.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import t from 'tap'
import { readPair } from '../../../src/config/certificates.ts'
import { followTls, tlsOptions } from '../../../src/gateway/listener/tls.ts'
import { handedOn } from '../../../src/main/ticket-keys.ts'
import { tlsFile } from '../../support/tls.ts'

const files = (name: string) => ({ certFile: tlsFile(`${name}.pem`), keyFile: tlsFile(`${name}.key`) })

t.test(
  'the keys of tickets outlast a renewal, are renewed, and are not those that node:cluster hands out',
  async (t) => {
    const settings = { ...files('server'), ciphers: 'ECDHE+AESGCM', asksClients: false }
    const sources = { pair: handedOn(readPair(files('server'))), ticketKeys: handedOn(randomBytes(48)) }
    const server = createServer(tlsOptions(settings, sources, 10_000))
    t.teardown(() => void server.close())
    followTls(server, settings, sources)
    t.ok(server.getTicketKeys().equals(sources.ticketKeys.current()))
    sources.pair.take(readPair(files('renewed')))
    t.ok(server.getTicketKeys().equals(sources.ticketKeys.current()), 'after a renewal')
    sources.ticketKeys.take(randomBytes(48))
    t.ok(server.getTicketKeys().equals(sources.ticketKeys.current()), 'after new keys')
    // As it does before it listens.
    server.setTicketKeys(randomBytes(48))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.ok(server.getTicketKeys().equals(sources.ticketKeys.current()), 'when it listens')
  },
)
