import { useState } from 'react'
import { call } from '../../api/call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FaultNotice, Notice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'

interface Part {
  readonly checked: number
  readonly faults: readonly {
    readonly kind: string
    readonly entry: number | null
    readonly message: string
  }[]
  readonly next_cursor: string | null
}

interface Verified {
  readonly checked: number
  readonly faults: Part['faults']
}

/** Part by part to the end, telling how far it has come. */
async function verifyAll(told: (checked: number) => void): Promise<Verified> {
  let cursor: string | null = null
  let checked = 0
  const faults: Part['faults'][number][] = []
  do {
    const part: Part = await call<Part>('GET', 'admin/v1/audit/verify', { query: { cursor } })
    checked += part.checked
    faults.push(...part.faults)
    cursor = part.next_cursor
    told(checked)
  } while (cursor !== null)
  return { checked, faults }
}

export function Verification() {
  const [checked, setChecked] = useState(0)
  const [found, setFound] = useState<Verified | null>(null)
  const action = useAction(() => verifyAll(setChecked), setFound)
  return (
    <>
      <Button
        icon="shield"
        busy={action.isRunning && words.audit.verifying(checked)}
        onClick={() => action.run(undefined)}
      >
        {words.audit.verify}
      </Button>
      {(found !== null || action.fault !== null) && (
        <Dialog
          title={words.audit.verify}
          onClose={() => {
            setFound(null)
            action.reset()
          }}
        >
          {action.fault !== null && <FaultNotice fault={action.fault} what={words.audit.verifyFailed} />}
          {found?.faults.length === 0 && <Notice tone="good">{words.audit.verified(found.checked)}</Notice>}
          {found !== null && found.faults.length > 0 && (
            <Notice tone="bad" title={words.audit.broken(found.faults.length)}>
              <ul className="list-disc pl-4">
                {found.faults.slice(0, 20).map((one, index) => (
                  <li key={`${one.kind} ${one.entry} ${index}`}>{one.message}</li>
                ))}
              </ul>
            </Notice>
          )}
        </Dialog>
      )}
    </>
  )
}
