// Where a dialog lives that a row of a list opens: not in the row, which goes when the list is loaded anew without it, and what
// was typed with it. The dialog keeps what the row was when it was opened.

import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'

type Make = (close: () => void) => ReactNode

const Place = createContext<(make: Make) => void>(() => undefined)

/** Of one page: what is open goes with it. */
export function DialogPlace({ children }: { children: ReactNode }) {
  const [dialog, setDialog] = useState<ReactNode>(null)
  const open = useCallback((make: Make) => setDialog(make(() => setDialog(null))), [])
  return (
    <Place.Provider value={open}>
      {children}
      {dialog}
    </Place.Provider>
  )
}

/** Opens what is made of how to close it. */
export function useOpenDialog(): (make: Make) => void {
  return useContext(Place)
}
