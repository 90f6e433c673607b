// The whole program with its hub, and people who can sign in: an operator, and of one merchant an admin and a viewer.

import { startTestProgram, type TestProgram, type TestProgramOptions } from '../support/program.ts'

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export interface Person {
  readonly email: string
  readonly password: string
}

export interface HubProgram extends TestProgram {
  /** Where the hub is. */
  readonly url: string
  readonly merchantId: string
  readonly operator: Person
  readonly member: Person
  readonly viewer: Person
}

export const merchantName = 'Aurora Coffee'

/** Starts it; torn down with the test. */
export async function startHub(t: Teardown, options: TestProgramOptions = {}): Promise<HubProgram> {
  const program = await startTestProgram(t, { sections: 'hub: {}', ...options })
  const url = `http://localhost:${program.controlPort}`
  const merchantId = await program.admin.makeMerchant(merchantName)
  return {
    ...program,
    url,
    merchantId,
    operator: await makeOperator(program, url, 'olive@flintn.test'),
    member: await invite(program, url, { merchantId, email: 'mia@aurora.test', role: 'admin' }),
    viewer: await invite(program, url, { merchantId, email: 'vera@aurora.test', role: 'viewer' }),
  }
}

async function makeOperator(program: TestProgram, url: string, email: string): Promise<Person> {
  const { body } = await program.admin.call('POST', '/operators', { email })
  return take(`${url}/hub/v1/password`, email, body)
}

interface Wanted {
  readonly merchantId: string
  readonly email: string
  readonly role: 'admin' | 'viewer'
}

export async function invite(
  program: TestProgram,
  url: string,
  { merchantId, ...wanted }: Wanted,
): Promise<Person> {
  const { body } = await program.admin.call('POST', `/merchants/${merchantId}/invitations`, wanted)
  return take(`${url}/hub/v1/invitations/accept`, wanted.email, body)
}

/** Chooses a password by the link that was made. */
async function take(address: string, email: string, made: Record<string, unknown>): Promise<Person> {
  const { url: link }: { url?: string } = Object(made['link'])
  const [, token] = link?.split('#') ?? []
  if (token === undefined) throw new Error(`no link for ${email}: ${JSON.stringify(made)}`)
  const password = `correct horse of ${email.split('@')[0]}`
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password }),
  })
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`)
  return { email, password }
}
