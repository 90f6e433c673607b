// Another set of permissions, with what opens and what closes by it before it is saved. It is saved against the state that
// the reader saw: two editors do not undo each other's work.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ApiFault } from '../../api/fault.ts'
import { permissionUse, unusedOf } from '../../api/key-use.ts'
import { keyById, patchKey, useTakeKey } from '../../api/keys.ts'
import { opened, permissionTable } from '../../api/permissions.ts'
import type { ApiPermissions, ApiRoute } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { PermissionPicker } from '../new-key/permission-picker.tsx'
import { ReasonField, type VerbProps } from './verbs.tsx'

interface EditProps extends VerbProps {
  /** Begins without these. */
  readonly without?: readonly string[]
}

/** Begins without what the key was not seen to use: once that is known. */
export function WithoutUnused(props: VerbProps) {
  const use = useQuery(permissionUse(props.one.id))
  if (use.isPending) return null
  return <EditPermissions {...props} without={unusedOf(props.one, use.data)} />
}

export function EditPermissions({ one, close, done, without = [] }: EditProps) {
  const table = useQuery(permissionTable)
  const client = useQueryClient()
  const take = useTakeKey()
  const [seen, setSeen] = useState(one)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(one.permissions.filter((name) => !without.includes(name))),
  )
  const [reason, setReason] = useState('')
  const api = table.data?.data.find((each) => each.api === one.api)
  const before = new Set(seen.permissions)
  const added = [...chosen].filter((name) => !before.has(name))
  const removed = [...before].filter((name) => !chosen.has(name))
  const isSame = added.length === 0 && removed.length === 0
  const action = useAction(
    () => patchKey(seen, { permissions: [...chosen] }, reason),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!isSame && chosen.size > 0) action.run(undefined)
  }
  // What was ticked, also while it came, is kept: as a difference to what was seen before.
  const takeNow = useAction(
    () => client.fetchQuery({ ...keyById(one.id), staleTime: 0 }),
    (now) => {
      setSeen(now)
      setChosen((mine) => withChanges(now.permissions, { before: seen.permissions, mine }))
      action.reset()
    },
  )
  const isConflict = action.fault instanceof ApiFault && action.fault.code === 'REVISION_CONFLICT'
  return (
    <Dialog isWide title={words.edit.title} about={words.edit.about(one.name)} onClose={close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {api === undefined ? (
          <SkeletonRows />
        ) : (
          <PermissionPicker api={api} chosen={chosen} choose={setChosen} />
        )}
        {api !== undefined && !isSame && <Difference {...{ api, before, chosen, added, removed }} />}
        <ReasonField value={reason} onChange={setReason} />
        {action.fault !== null && (
          <>
            <FaultNotice fault={action.fault} what={words.edit.failed} />
            {takeNow.fault !== null && <FaultNotice fault={takeNow.fault} what={words.edit.takeFailed} />}
            {isConflict && (
              <Button busy={takeNow.isRunning && words.common.loading} onClick={() => takeNow.run(undefined)}>
                {words.edit.conflict}
              </Button>
            )}
          </>
        )}
        <DialogActions>
          <span className="mr-auto self-center text-[13px] text-ink-3" aria-live="polite">
            {isSame
              ? words.edit.noChange
              : `${words.edit.added(added.length)}, ${words.edit.removed(removed.length)}`}
          </span>
          <Button onClick={close}>{words.common.cancel}</Button>
          <Button
            kind="primary"
            type="submit"
            disabled={isSame || chosen.size === 0}
            busy={action.isRunning && words.common.saving}
          >
            {words.edit.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** What is there now, with what the reader has ticked and unticked since `before`. */
function withChanges(
  now: readonly string[],
  { before, mine }: { readonly before: readonly string[]; readonly mine: ReadonlySet<string> },
): ReadonlySet<string> {
  const removed = new Set(before.filter((name) => !mine.has(name)))
  const added = [...mine].filter((name) => !before.includes(name))
  return new Set([...now.filter((name) => !removed.has(name)), ...added])
}

interface DifferenceProps {
  readonly api: ApiPermissions
  readonly before: ReadonlySet<string>
  readonly chosen: ReadonlySet<string>
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

export function Difference({ api, before, chosen, added, removed }: DifferenceProps) {
  const was = opened(api, before)
  const becomes = opened(api, chosen)
  const opens = becomes.filter((route) => !was.includes(route))
  const closes = was.filter((route) => !becomes.includes(route))
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Side
        title={words.edit.opens}
        sign="+"
        face="border-good-line bg-good-soft text-good"
        names={added}
        routes={opens}
      />
      <Side
        title={words.edit.closes}
        sign="−"
        face="border-bad-line bg-bad-soft text-bad"
        names={removed}
        routes={closes}
      />
    </div>
  )
}

interface SideProps {
  readonly title: string
  readonly sign: string
  readonly face: string
  readonly names: readonly string[]
  readonly routes: readonly ApiRoute[]
}

function Side({ title, sign, face, names, routes }: SideProps) {
  if (names.length === 0 && routes.length === 0) return null
  return (
    <div className={`min-w-0 rounded-lg border px-3.5 py-2.5 ${face}`}>
      <p className="text-[13px] font-semibold">{title}</p>
      <ul className="mt-1 font-mono text-xs leading-5 break-all">
        {names.map((name) => (
          <li key={name} className="font-semibold">
            {sign} {name}
          </li>
        ))}
        {routes.map(({ method, path }) => (
          <li key={`${method} ${path}`} className="text-ink-2">
            {sign} {method} {path}
          </li>
        ))}
      </ul>
    </div>
  )
}
