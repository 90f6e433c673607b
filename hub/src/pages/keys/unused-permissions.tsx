// Keys that hold permissions which they have not used for long: what is taken away from them cannot leak with them.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { unusedPermissions } from '../../api/reminders.ts'
import { Link } from '../../router.tsx'
import { Chip } from '../../ui/badge.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'

interface UnusedProps {
  readonly merchantId: string | null
  readonly environment: string
  readonly isChanger: boolean
}

export function UnusedPermissions({ merchantId, environment, isChanger }: UnusedProps) {
  const [isOpen, setOpen] = useState(false)
  const { data } = useQuery(unusedPermissions(merchantId))
  const rows = (data?.data ?? []).filter((one) => one.environment === environment)
  if (rows.length === 0) return null
  const text = words.reminders
  return (
    <div>
      <Notice
        tone="info"
        icon="shield"
        action={
          <Button isSmall aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? text.hide : text.show}
          </Button>
        }
      >
        <span className="text-ink">{text.permissions(rows.length, data?.next_cursor !== null)}</span>
      </Notice>
      {isOpen && (
        <ul className="card mt-2 divide-y">
          {rows.map((one) => (
            <li
              key={one.key_id}
              className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 text-[13px]"
            >
              <Link
                to={`/developers/keys/${one.key_id}`}
                className="min-w-0 max-w-full truncate font-medium hover:underline"
              >
                {one.name}
              </Link>
              <span className="flex min-w-0 flex-1 flex-wrap gap-1">
                {one.unused.map((name) => (
                  <Chip key={name}>{name}</Chip>
                ))}
              </span>
              {isChanger && (
                <Link
                  to={`/developers/keys/${one.key_id}?do=unused`}
                  className={buttonClass('plain')}
                  aria-label={text.removeOf(one.name)}
                >
                  {text.remove}
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
