import { useEffect, useState } from 'react'
import { words } from '../words.ts'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

const shownMs = 2_000

interface CopyProps {
  readonly text: string
  readonly label?: string
  readonly isQuiet?: boolean
  readonly copied?: () => void
}

/** Also where the page may not use the clipboard: then the reader is told so. */
export function CopyButton({ text, label = words.common.copy, isQuiet = false, copied }: CopyProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), shownMs)
    return () => clearTimeout(timer)
  }, [state])
  const copy = (): void => {
    void writeText(text).then((isCopied) => {
      setState(isCopied ? 'copied' : 'failed')
      if (isCopied) copied?.()
    })
  }
  const said = state === 'copied' ? words.common.copied : state === 'failed' ? words.common.copyFailed : ''
  return (
    <>
      {isQuiet ? (
        <button
          type="button"
          aria-label={label}
          title={label}
          onClick={copy}
          className="inline-flex size-7 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
        >
          <Icon name={state === 'copied' ? 'check' : 'copy'} size={14} />
        </button>
      ) : (
        <Button icon={state === 'copied' ? 'check' : 'copy'} onClick={copy}>
          {said || label}
        </Button>
      )}
      <span aria-live="polite" className="sr-only">
        {said}
      </span>
    </>
  )
}

/** Whether it was copied. */
export async function writeText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

/** Where the page is not served by https. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  area.style.position = 'fixed'
  area.style.opacity = '0'
  // Within what keeps the focus to itself, if anything does.
  const keeper = '[role="dialog"], [role="menu"]'
  const host = document.activeElement?.closest(keeper) ?? document.querySelector(keeper) ?? document.body
  host.append(area)
  area.select()
  try {
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    area.remove()
  }
}

/** A line to copy, whole. */
export function CopyLine({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex items-start gap-2 rounded-lg border bg-sunk py-1.5 pr-1.5 pl-3">
      <pre
        tabIndex={0}
        aria-label={label}
        className="min-w-0 flex-1 overflow-x-auto py-1 font-mono text-xs leading-relaxed whitespace-pre text-ink"
      >
        {text}
      </pre>
      <CopyButton text={text} label={`${words.common.copy}: ${label}`} isQuiet />
    </div>
  )
}
