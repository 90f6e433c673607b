import { useState } from 'react'
import { useTail } from '../../api/events.ts'
import { Link } from '../../router.tsx'
import { holderPath } from '../../shell/holder.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'
import { exactTime } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { OutcomeBadge } from '../requests/outcome.tsx'
import { toneOf } from '../requests/tone.ts'

interface TailProps {
  readonly merchantId: string | null
  readonly environment: string
}

export function LiveTail({ merchantId, environment }: TailProps) {
  const [isPaused, setPaused] = useState(false)
  const [shown, setShown] = useState('')
  const tail = useTail(merchantId, environment, isPaused)
  const rows = tail.rows.filter((one) => shown === '' || toneOf(one) !== 'good')
  return (
    <Section
      title={words.activity.live}
      about={words.activity.liveAbout}
      actions={
        <span className="flex gap-2">
          <Select
            aria-label={words.activity.shown}
            className="w-48"
            value={shown}
            onChange={(event) => setShown(event.target.value)}
          >
            <option value="">{words.activity.everything}</option>
            <option value="refused">{words.activity.onlyRefused}</option>
          </Select>
          <Button icon={isPaused ? 'play' : 'pause'} onClick={() => setPaused(!isPaused)}>
            {isPaused ? words.activity.resume : words.activity.pause}
          </Button>
        </span>
      }
    >
      <div className="card overflow-hidden">
        {tail.isLost && (
          <p role="status" className="border-b bg-warn-soft px-4 py-1.5 text-[13px] text-warn">
            {words.activity.lost}
          </p>
        )}
        {isPaused && tail.missed > 0 && (
          <p className="border-b bg-warn-soft px-4 py-1.5 text-[13px] text-warn">
            {words.activity.paused(tail.missed)}
          </p>
        )}
        <div
          className="h-[280px] overflow-y-auto"
          tabIndex={0}
          role="region"
          aria-label={words.activity.live}
        >
          {rows.length === 0 && !tail.isLost && (
            <p className="px-4 py-4 text-[13px] text-ink-3">{words.activity.waiting}</p>
          )}
          <ol className="divide-y text-[13px] tabular-nums">
            {rows.map((one) => (
              <li key={one.request_id} className="flex items-center gap-3 px-4 py-1.5">
                <time dateTime={one.at} title={exactTime(one.at)} className="w-20 shrink-0 text-ink-3">
                  {new Date(one.at).toLocaleTimeString()}
                </time>
                <code className="min-w-0 flex-1 truncate text-xs">{one.route}</code>
                {one.key_id !== null && (
                  <Link
                    to={holderPath(one.key_id)}
                    className="w-28 truncate text-xs text-ink-3 hover:underline max-sm:hidden"
                  >
                    <code>{one.key_id}</code>
                  </Link>
                )}
                <span className="w-14 shrink-0 text-right text-xs text-ink-3 max-sm:hidden">
                  {words.requests.took(one.gateway_ms)}
                </span>
                <OutcomeBadge one={one} />
              </li>
            ))}
          </ol>
        </div>
      </div>
    </Section>
  )
}
