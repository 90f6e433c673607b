// The keyboard: two keys to go somewhere, one for what is done most. None while somebody is typing.

import { useEffect, useState } from 'react'
import { navigate, withKept } from '../router.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { words } from '../words.ts'

const places: Readonly<Record<string, string>> = {
  k: '/developers',
  a: '/developers/activity',
  r: '/developers/requests',
  t: '/team',
}
const withinMs = 1_200

export function Shortcuts() {
  const [isListed, setListed] = useState(false)
  useEffect(() => {
    let wentAt = 0
    const press = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('[role="dialog"],[role="menu"]') !== null) return
      const { key } = event
      const place = performance.now() - wentAt < withinMs ? places[key] : undefined
      wentAt = key === 'g' ? performance.now() : 0
      if (place !== undefined) navigate(withKept(place))
      else if (key === '?') setListed(true)
      else if (key === 'c') navigate(withKept('/developers/new'))
      else if (key === 'e') pressOther()
      else if (key === '/') focusSearch(event)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
  if (!isListed) return null
  return (
    <Dialog title={words.shell.shortcuts} onClose={() => setListed(false)}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2.5 text-sm">
        {words.shell.shortcutList.map(([keys = '', what = '']) => (
          <div key={keys} className="contents">
            <dt className="flex gap-1">
              {keys.split(' ').map((one) => (
                <kbd
                  key={one}
                  className="inline-flex h-6 min-w-6 items-center justify-center rounded-md border border-line-strong bg-sunk px-1.5 text-xs"
                >
                  {one}
                </kbd>
              ))}
            </dt>
            <dd className="text-ink-2">{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input,textarea,select,[contenteditable]') !== null
}

function pressOther(): void {
  const others = document.querySelectorAll<HTMLButtonElement>(
    `[role="group"][aria-label="${words.environments.switch}"] [aria-pressed="false"]`,
  )
  others[0]?.click()
}

function focusSearch(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]')
  if (field === null) return
  event.preventDefault()
  field.focus()
}
