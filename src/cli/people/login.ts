// `latchkey login` and `logout`: signed in as a person of the hub, instead of with a token of machines. The command line gets a
// code, its person types it in a browser where the hub knows who that is, and the token comes by the way of the question.

import { hostname, userInfo } from 'node:os'
import type { Command } from 'commander'
import { printable } from '../../errors/printable.ts'
import { clearTextWarning, loginUrl } from '../admin/admin-address.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { createHubClient, type HubClientDeps } from './hub-client.ts'
import type { CliIo } from '../io.ts'
import { type Login, loginPath, readLogins, writeLogins } from './login-file.ts'
import { addVerb, type OutputFlags, type Session, shortTime, show } from '../session.ts'

export interface LoginDeps extends HubClientDeps {
  readonly session: Session
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>
}

export function registerLogin(program: Command, deps: LoginDeps): void {
  addVerb(program, {
    name: 'login',
    about: 'sign this command line in as yourself, by a code that you type in the hub',
    example: 'LATCHKEY_ADMIN_URL=https://hub.example.com latchkey login',
  })
    .option('--name <text>', 'what the hub calls this command line; unless said, user and machine', ownName())
    .addHelpText('after', help)
    .action(async (flags: OutputFlags & { readonly name: string }) => login(deps, flags))
  addVerb(program, {
    name: 'logout',
    about: 'end that session, on every instance at once, and forget its token',
    example: 'latchkey logout',
  }).action(async (flags: OutputFlags) => logout(deps, flags))
}

const help = `
The token is kept in latchkey/logins.json below XDG_CONFIG_HOME (or ~/.config), which nobody else may read, for the address that
it is from. Verbs use it where LATCHKEY_ADMIN_TOKEN is not set; it does what you may do, and ends with your other sessions.`

async function login(deps: LoginDeps, flags: OutputFlags & { readonly name: string }): Promise<void> {
  const { io, now } = deps.session
  const { env } = io
  // Before anybody is asked: whether it could be kept.
  const logins = readLogins(env)
  const url = loginUrl(env, logins)
  writeLogins(env, logins)
  io.stderr(clearTextWarning({ url }) ?? '')
  const hub = createHubClient(url, deps)
  const asked = await hub.begin(flags.name)
  io.stderr(invitation(asked))
  const { token, ...about } = await untilAnswered(deps, hub, {
    ...{ deviceCode: asked.device_code, stepSeconds: asked.interval },
    endsAtMs: now() + asked.expires_in * 1000,
  })
  try {
    keep(env, url, { token, ...about })
  } catch (error) {
    await hub.end(token).catch(() => undefined)
    throw error
  }
  if (env.LATCHKEY_ADMIN_TOKEN)
    io.stderr('warning: LATCHKEY_ADMIN_TOKEN is set, and goes before the login: unset it\n')
  const answer = { url, ...about, file: loginPath(env) }
  show(deps.session, flags, {
    answer,
    render: () =>
      `Signed in at ${url} as ${printable(about.email)} until ${shortTime(about.expires_at)}.\nEnd it with \`latchkey logout\`.\n`,
  })
}

function invitation(asked: { readonly url: string; readonly user_code: string }): string {
  return [
    'Open this address, sign in there if you are not yet, and type the code:',
    '',
    `  ${asked.url}`,
    `  ${asked.user_code}`,
    '',
    'Only you have asked for it: never type a code that somebody else has given you.',
    '',
    '',
  ].join('\n')
}

interface Waiting {
  readonly deviceCode: string
  readonly stepSeconds: number
  readonly endsAtMs: number
}

const slowestSeconds = 60

/** Asks until there is an answer, as fast as it may, and more slowly where none comes (RFC 8628 §3.5). */
async function untilAnswered(
  { session, wait }: LoginDeps,
  hub: ReturnType<typeof createHubClient>,
  { deviceCode, stepSeconds, endsAtMs }: Waiting,
): Promise<Login> {
  let step = Math.max(1, stepSeconds)
  while (session.now() < endsAtMs) {
    await wait(step * 1000)
    const said = await hub.token(deviceCode)
    if (said.kind === 'taken') return said.login
    if (said.kind === 'early') step = Math.max(step, said.stepSeconds)
    if (said.kind === 'away') step = Math.min(slowestSeconds, step * 2)
    if (said.kind === 'ended') break
  }
  throw new CliError('nobody has allowed it: it was refused, or the code is too old', exitCodes.failed, [
    'Run `latchkey login` again for another code.',
  ])
}

/** Among those of other addresses, as they are by now. */
function keep(env: CliIo['env'], url: string, login: Login): void {
  const { logins } = readLogins(env)
  writeLogins(env, { current: url, logins: { ...logins, [url]: login } })
}

async function logout(deps: LoginDeps, flags: OutputFlags): Promise<void> {
  const { env } = deps.session.io
  const logins = readLogins(env)
  const url = loginUrl(env, logins)
  const { [url]: login, ...others } = logins.logins
  if (login !== undefined) {
    // Kept where it cannot be ended: it would work on, and nobody would have it.
    await createHubClient(url, deps).end(login.token)
    const current = logins.current === url ? null : logins.current
    writeLogins(env, { current, logins: others })
  }
  show(deps.session, flags, {
    answer: { url, email: login?.email ?? null },
    render: () =>
      login === undefined
        ? `Nobody is signed in at ${url}.\n`
        : `${printable(login.email)} is signed out of ${url}.\n`,
  })
}

const longestName = 100

/** As the hub takes names. */
function ownName(): string {
  const text = `${userName()}@${hostname()}`.replace(/[^\x21-\x7e]/g, '').slice(0, longestName)
  return text === '' ? 'command line' : text
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A number that no user has, as in containers.
    return String(process.getuid?.() ?? '')
  }
}
