import { type ReactNode, useEffect, useRef } from 'react'
import { words } from '../words.ts'

interface PageHeadProps {
  readonly title: string
  readonly about?: ReactNode
  readonly actions?: ReactNode
  readonly beside?: ReactNode
  readonly above?: ReactNode
}

/** The head of a page; the focus comes here when a page is opened, so that it is read first: unless the reader is in the midst of something. */
export function PageHead({ title, about, actions, beside, above }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${words.product}`
  }, [title])
  useEffect(() => {
    if (!isBusy(document.activeElement)) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <header className="mb-6">
      {above}
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="min-w-0">
          <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
            <h1
              ref={heading}
              tabIndex={-1}
              className="line-clamp-2 text-[20px] leading-7 font-semibold tracking-[-0.01em] break-words text-ink"
            >
              {title}
            </h1>
            {beside}
          </div>
          {about !== undefined && <p className="mt-0.5 max-w-[72ch] text-sm text-ink-2">{about}</p>}
        </div>
        {actions !== undefined && <div className="no-print flex flex-wrap gap-2">{actions}</div>}
      </div>
    </header>
  )
}

/** Whoever types or has a menu or a dialog open while a page comes keeps it: a menu closes when the focus leaves it. */
function isBusy(at: Element | null): boolean {
  const overlays = '[role="menu"], [role="dialog"]'
  const held = at?.closest(`input, textarea, select, ${overlays}`) ?? document.querySelector(overlays)
  return held !== null
}

export function Section({
  title,
  about,
  actions,
  children,
}: {
  title: string
  about?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="mb-6">
      <div className="mb-2.5 flex min-h-8 flex-wrap items-center justify-between gap-2">
        <div>
          <h2 className="text-[15px] font-semibold text-ink">{title}</h2>
          {about !== undefined && <p className="text-[13px] text-ink-3">{about}</p>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  )
}
