// Each error code in words, made from the tables that the gateway answers from.

import { catalogue } from '../../../../src/errors/catalogue.ts'
import { sentences } from '../../../../src/errors/sentences.ts'
import { Link } from '../../router.tsx'
import { Badge } from '../../ui/badge.tsx'
import { CopyLine } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { OpenFrame } from './open-frame.tsx'

interface Entry {
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds?: number
}
const entries: Readonly<Record<string, Entry>> = catalogue
const causes: Readonly<Record<string, Readonly<Record<string, string>>>> = sentences

export function ErrorIndex() {
  return (
    <OpenFrame>
      <PageHead title={words.docs.errors} about={words.docs.errorsAbout} />
      <ul className="card divide-y">
        {Object.entries(entries).map(([code, { status, message }]) => (
          <li key={code} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-[13px]">
            <span className="w-9 text-ink-3 tabular-nums">{status}</span>
            <Link to={`/docs/errors/${code}`} className="min-w-[220px] font-medium hover:underline">
              <code>{code}</code>
            </Link>
            <span className="min-w-0 flex-1 basis-60 text-ink-2">{message}</span>
          </li>
        ))}
      </ul>
    </OpenFrame>
  )
}

export function ErrorPage({ code }: { code: string }) {
  const name = code.toUpperCase()
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined
  const back = (
    <Link
      to="/docs/errors"
      className="mb-1 -ml-1.5 inline-flex h-8 items-center gap-1 rounded-md px-1.5 text-[13px] text-ink-3 hover:text-ink"
    >
      <Icon name="left" size={14} />
      {words.docs.allErrors}
    </Link>
  )
  if (entry === undefined)
    return (
      <OpenFrame>
        <PageHead title={words.docs.unknown} above={back} />
        <div className="card">
          <Empty icon="book" title={words.docs.unknown}>
            <code className="break-all">{code}</code>
          </Empty>
        </div>
      </OpenFrame>
    )
  const example = { error: { code: name, message: entry.message, request_id: 'req_01J8…' } }
  return (
    <OpenFrame>
      <PageHead
        above={back}
        title={name}
        beside={
          <Badge tone={entry.status < 500 ? 'warn' : 'bad'}>{`${words.docs.status} ${entry.status}`}</Badge>
        }
        about={entry.message}
      />
      {entry.retryAfterSeconds !== undefined && (
        <p className="mb-6 text-sm text-ink-2">{words.docs.retry(entry.retryAfterSeconds)}</p>
      )}
      <Causes sentences={Object.values(causes[name] ?? {})} />
      <Section title={words.docs.shape}>
        <CopyLine text={JSON.stringify(example, null, 2)} label={words.docs.shape} />
      </Section>
    </OpenFrame>
  )
}

/** Why it happens, and what mends it: what support reads aloud. */
function Causes({ sentences: all }: { sentences: readonly string[] }) {
  const told = [...new Set(all)]
  if (told.length === 0) return null
  return (
    <Section title={words.docs.causes}>
      <ul className="card divide-y text-sm">
        {told.map((sentence) => (
          <li key={sentence} className="px-4 py-2.5">
            {sentence}
          </li>
        ))}
      </ul>
    </Section>
  )
}
