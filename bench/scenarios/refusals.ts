// Floods of requests that are refused: what an attacker's request costs.

import { gatewaySubject, measureThroughput, type Subject } from '../measure.ts'
import { makeSecrets } from '../keys.ts'
import { getForbidden, getSmall } from '../requests.ts'
import { names, type Scenario } from '../scenario.ts'

/** More than memory remembers as unknown, so that each comes as if for the first time. */
const unknownKeys = 120_000

export const unauthorized: Scenario = {
  name: '401',
  title: '401: junk keys, and well-formed keys that nobody has',
  async run(bench, fleet) {
    const hello = await fleet.peer('hello')
    const lua = await fleet.peer('nginx-lua')
    const latchkey = await fleet.latchkey()
    // Of its own: whoever is over the limit stays so for a minute.
    const limited = await fleet.extra({ name: 'latchkey-limited' })
    const open = await fleet.extra({ name: 'latchkey-unlimited', failedLookups: 1_000_000_000 })
    const { file, secrets } = makeSecrets(bench, 'unknown', unknownKeys)
    const one = getSmall(secrets[0] ?? '')
    const all = { text: getSmall('{key}'), keysFile: file }
    const subjects: Subject[] = [
      ...(hello ? [server(names.hello, hello, { text: getSmall('pk_live_junk'), statuses: [200] })] : []),
      ...(lua ? [server(`${names.nginxLua}, unknown key`, lua, { text: one, statuses: [401] })] : []),
      gatewaySubject(names.junk, latchkey, { text: getSmall('pk_live_junk'), statuses: [401] }),
      gatewaySubject('Latchkey, one unknown key', open, { text: one, statuses: [401] }),
      gatewaySubject('Latchkey, ever new unknown keys', open, {
        ...all,
        statuses: [401],
        storePid: bench.stores.postgres.pid,
      }),
      // The first thousand of each minute are looked up.
      gatewaySubject('Latchkey, the same over the limit', limited, { ...all, statuses: [429, 401] }),
    ]
    const results = await measureThroughput(bench, subjects)
    await fleet.stop(open, limited)
    return {
      results,
      notes: [
        'Unknown keys are looked up without the limit of 1,000 a minute for one client, but in the last line.',
      ],
    }
  },
}

export const forbidden: Scenario = {
  name: '403',
  title: '403: a key without the permission',
  async run(bench, fleet) {
    const latchkey = await fleet.latchkey()
    const text = getForbidden(await latchkey.key())
    const subject = gatewaySubject('Latchkey, 403', latchkey, { text, statuses: [403] })
    return { results: await measureThroughput(bench, [subject]) }
  },
}

function server(
  name: string,
  { port, child }: { readonly port: number; readonly child: { readonly pid: number } },
  of: Pick<Subject, 'text' | 'statuses'>,
): Subject {
  return { name, port, pid: child.pid, ...of }
}
