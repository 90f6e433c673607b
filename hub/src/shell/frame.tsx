// What stands around every page: the navigation at the left, or behind a button where there is no room for it.

import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { useUser } from '../api/session.ts'
import { usePath } from '../router.tsx'
import { IconButton } from '../ui/button.tsx'
import { Notice } from '../ui/states.tsx'
import { words } from '../words.ts'
import { EnvironmentBar, useEnvironment } from './environment.tsx'
import { useMerchantId } from './merchant.tsx'
import { Mark, Navigation } from './navigation.tsx'
import { Shortcuts } from './shortcuts.tsx'

export function Frame({ children }: { children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  const path = usePath()
  const environment = useEnvironment()
  const user = useUser()
  const merchantId = useMerchantId()
  const isSuspended = user.merchants.find(({ id }) => id === merchantId)?.status === 'suspended'
  return (
    <div className="min-h-dvh min-[900px]:pl-[240px] print:!pl-0">
      <a
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-raised focus:px-3 focus:py-2"
      >
        {words.common.skip}
      </a>
      <aside className="fixed inset-y-0 left-0 w-[240px] border-r bg-sunk max-[899px]:hidden">
        <Navigation />
      </aside>
      <div className="sticky top-0 z-30 flex h-13 items-center gap-2 border-b bg-sunk px-3 min-[900px]:hidden">
        <Radix.Root open={isOpen} onOpenChange={setOpen}>
          <Radix.Trigger asChild>
            <IconButton icon="menu" label={words.shell.open} />
          </Radix.Trigger>
          <Radix.Portal>
            <Radix.Overlay className="fades fixed inset-0 z-40 bg-[#0a0f1e]/45" />
            <Radix.Content
              aria-describedby={undefined}
              className="fades fixed inset-y-0 left-0 z-50 w-[272px] max-w-[88vw] border-r bg-sunk shadow-float outline-none"
            >
              <Radix.Title className="sr-only">{words.shell.navigation}</Radix.Title>
              <Navigation close={() => setOpen(false)} />
            </Radix.Content>
          </Radix.Portal>
        </Radix.Root>
        <Mark />
      </div>
      {path.startsWith('/developers') && <EnvironmentBar name={environment} />}
      <main id="main" tabIndex={-1} className="mx-auto max-w-[1120px] px-4 pt-6 pb-16 sm:px-8 sm:pt-8">
        {isSuspended && (
          <div className="mb-5">
            <Notice tone="warn">{words.shell.suspended}</Notice>
          </div>
        )}
        {children}
      </main>
      <Shortcuts />
    </div>
  )
}
