// A question or a form over the page. Radix keeps the focus inside and gives it back.

import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { words } from '../words.ts'
import { IconButton } from './button.tsx'

interface DialogProps {
  readonly title: string
  readonly children: ReactNode
  readonly onClose: () => void
  /** Sentence under the title. */
  readonly about?: ReactNode
  readonly isWide?: boolean
}

export function Dialog({ title, about, children, onClose, isWide = false }: DialogProps) {
  return (
    <Radix.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fades fixed inset-0 z-40 bg-[#0a0f1e]/45 backdrop-blur-[1px]" />
        <Radix.Content
          {...(about === undefined && { 'aria-describedby': undefined })}
          className={`floats fixed inset-x-3 top-[max(12px,8vh)] z-50 mx-auto flex max-h-[84vh] flex-col overflow-hidden rounded-xl border bg-raised shadow-float outline-none ${isWide ? 'max-w-[680px]' : 'max-w-[480px]'}`}
        >
          <div className="flex items-start gap-3 px-5 pt-4">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-base font-semibold break-words text-ink">{title}</Radix.Title>
              {about !== undefined && (
                <Radix.Description className="mt-1 text-sm break-words text-ink-2">{about}</Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <IconButton icon="cross" label={words.common.close} className="-mr-2" />
            </Radix.Close>
          </div>
          <div className="overflow-y-auto px-5 pt-4 pb-5">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap-reverse justify-end gap-2">{children}</div>
}
