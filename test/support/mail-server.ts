// A real mail server on loopback (npm smtp-server, which has no types of its own).

import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

interface Session {
  readonly envelope: { readonly rcptTo: readonly { readonly address: string }[] }
}

interface Options {
  readonly authOptional: boolean
  readonly disabledCommands: readonly string[]
  onData(stream: NodeJS.ReadableStream, session: Session, done: (error?: Error) => void): void
}

interface SmtpServer {
  on(event: 'error', listener: () => void): void
  listen(port: number, host: string, done: () => void): void
  close(done: () => void): void
  readonly server: { address(): AddressInfo | string | null }
}

const { SMTPServer }: { SMTPServer: new (options: Options) => SmtpServer } = createRequire(import.meta.url)(
  'smtp-server',
)

export interface MailServer {
  readonly port: number
  /** Mails as they came, each after a line that says to whom. */
  readonly received: string[]
  stop(): Promise<void>
}

/** Takes mails without TLS and password; 0: on any port. `offersTls`: it has STARTTLS, with a certificate that nobody trusts. */
export async function startMailServer(t: Teardown, port = 0, offersTls = false): Promise<MailServer> {
  const received: string[] = []
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: offersTls ? ['AUTH'] : ['STARTTLS', 'AUTH'] },
    onData(stream, session, done) {
      let text = `Envelope-To: ${session.envelope.rcptTo.map(({ address }) => address).join()}\r\n`
      stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
      stream.on('end', () => {
        received.push(text)
        done()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The mail server does not listen')
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= new Promise<void>((resolve) => server.close(resolve)))
  t.teardown(stop)
  return { port: address.port, received, stop }
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** The link in a mail, whatever its encoding did to it. */
export function linkIn(text: string): string {
  const plain = text.replaceAll('=\r\n', '').replaceAll('=3D', '=')
  return /https?:\/\/\S+#lk_lnk_\w{38}/.exec(plain)?.[0] ?? ''
}
