// The way to the mail server.

import type { Transporter } from 'nodemailer'
import { isLoopback } from '../../../config/address.ts'
import type { MailSettings } from '../../../config/hub-compiled.ts'
import type { Letter } from './words.ts'

export interface MailTransport {
  /** Resolves when the server has taken it; rejects with an error whose `code` says why it has not. */
  send(to: string, letter: Letter): Promise<void>
  close(): void
}

const times = {
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
  dnsTimeout: 10_000,
}

/**
 * How the server is spoken to. The links in mails set passwords, so they go over TLS alone, but to this machine itself, and where it
 * is said that they need not: a relay in a network of one's own may have none.
 */
export function connectionTo(smtp: string) {
  const { protocol, hostname, port, username, password, searchParams } = new URL(smtp)
  const isTls = protocol === 'smtps:'
  const isWanted = searchParams.get('requireTLS') ?? String(!isLoopback(hostname))
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 465 : 587) : Number(port),
    secure: isTls,
    requireTLS: !isTls && isWanted === 'true',
    ...(username !== '' && {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    }),
  }
}

/** The library is read when the first mail is sent: a process that sends none does without. */
async function open(smtp: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer')
  return createTransport({
    ...connectionTo(smtp),
    ...times,
    // What is sent is written here: nothing of it names a file or an address to read from.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

export function createMailTransport({ from, smtp }: MailSettings): MailTransport {
  let opened: Promise<Transporter> | undefined
  return {
    async send(to, { subject, text }) {
      const transport = await (opened ??= open(smtp))
      await transport.sendMail({
        from,
        to: { name: '', address: to },
        subject,
        text,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
    },
    close: () => void opened?.then((transport) => transport.close()),
  }
}
