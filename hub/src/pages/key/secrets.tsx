import type { Key } from '../../api/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Section } from '../../ui/page.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { words } from '../../words.ts'

export function Secrets({ one }: { one: Key }) {
  const nowMs = useNow()
  return (
    <Section title={words.key.secrets}>
      <ul className="card divide-y text-[13px]">
        {one.secrets.map((secret, index) => {
          const ends = secret.expires_at
          const isOver = ends !== null && Date.parse(ends) <= nowMs
          return (
            <li
              key={secret.id}
              className={`flex flex-wrap items-center gap-x-5 gap-y-1 px-4 py-3 ${isOver ? 'text-ink-3' : ''}`}
            >
              <code className="min-w-[130px]">
                {one.prefix}
                <span className="text-ink-3">…</span>
                {secret.last4}
              </code>
              {index === 0 ? (
                <Badge tone="good">{words.key.current}</Badge>
              ) : (
                <Badge tone="plain" icon="clock">
                  {isOver ? words.key.old2 : words.key.old} {!isOver && <Time at={ends} />}
                </Badge>
              )}
              <span className="ml-auto flex flex-wrap gap-x-5 text-ink-2">
                <span>
                  <span className="text-ink-3">{words.key.created}</span> <Time at={secret.created_at} />
                </span>
                <span>
                  <span className="text-ink-3">{words.key.lastUsed}</span>{' '}
                  <Time at={secret.last_used_at} never={words.common.never} />
                </span>
              </span>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
