// What is shown once and never again, on a page of its own or in a dialog.

import { useEffect } from 'react'
import { guardLeaving } from '../router.tsx'
import { words } from '../words.ts'

/** Asks once before the page is left with the secret on it. */
export function useGuard(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    const release = guardLeaving(() => window.confirm(words.secret.leave))
    return () => {
      window.removeEventListener('beforeunload', warn)
      release()
    }
  }, [isOn])
}

/** A page that the browser kept, as for its back button, must not come back with a secret on it. */
export function useForget(forget: () => void): void {
  useEffect(() => {
    window.addEventListener('pagehide', forget)
    return () => window.removeEventListener('pagehide', forget)
  }, [])
}
