// Which permissions a key has: by group, each in words, with the routes that it opens.

import { useId, useState } from 'react'
import { fullAccess, groupsOf, isReading, isRisky, routesOf } from '../../api/permissions.ts'
import type { ApiPermissions } from '../../api/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { words } from '../../words.ts'

interface PickerProps {
  readonly api: ApiPermissions
  readonly chosen: ReadonlySet<string>
  readonly choose: (names: ReadonlySet<string>) => void
  /** What the merchant's other keys of this API have. */
  readonly proposal?: readonly string[] | undefined
}

export function PermissionPicker({ api, chosen, choose, proposal }: PickerProps) {
  const text = words.newKey
  const isFull = chosen.has(fullAccess)
  const names = api.permissions.map(({ name }) => name)
  const toggle = (name: string): void => {
    const next = new Set(chosen)
    if (!next.delete(name)) next.add(name)
    choose(next)
  }
  return (
    <div>
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <Button isSmall onClick={() => choose(new Set(names.filter(isReading)))}>
          {text.only}
        </Button>
        {proposal !== undefined && proposal.length > 0 && (
          <Button isSmall title={text.proposal(proposal.length)} onClick={() => choose(new Set(proposal))}>
            {text.proposalTitle}
          </Button>
        )}
        <Button isSmall kind="quiet" onClick={() => choose(new Set())}>
          {text.none}
        </Button>
        <span aria-live="polite" className="ml-auto text-[13px] text-ink-3">
          {isFull ? text.full : text.selected(chosen.size)}
        </span>
      </div>
      <div className="card divide-y overflow-hidden">
        {[...groupsOf(api.permissions)].map(([group, permissions]) => (
          <fieldset key={group} className="px-4 py-3" disabled={isFull}>
            <legend className="float-left mb-1 w-full text-xs font-semibold text-ink-3">
              {group === '' ? text.groupOther : group.replaceAll('_', ' ')}
            </legend>
            <ul className="clear-both flex flex-col gap-2">
              {permissions.map(({ name, description }) => (
                <PermissionRow
                  key={name}
                  {...{ api, name, description }}
                  isChosen={isFull || chosen.has(name)}
                  toggle={() => toggle(name)}
                />
              ))}
            </ul>
          </fieldset>
        ))}
        <div className="bg-sunk px-4 py-3">
          <Check
            label={
              <span className="inline-flex flex-wrap items-center gap-2 font-medium">
                {text.full} <code className="text-ink-3">*</code>
                <RiskBadge />
              </span>
            }
            note={text.fullNote}
            checked={isFull}
            onChange={(event) => choose(event.target.checked ? new Set([fullAccess]) : new Set())}
          />
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  readonly api: ApiPermissions
  readonly name: string
  readonly description: string
  readonly isChosen: boolean
  readonly toggle: () => void
}

function PermissionRow({ api, name, description, isChosen, toggle }: RowProps) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const routes = routesOf(api, name)
  return (
    <li>
      <div className="flex flex-wrap items-start justify-between gap-x-3">
        <Check
          className="min-w-0 flex-1 basis-56"
          label={
            <span className="inline-flex flex-wrap items-center gap-x-2 gap-y-1">
              {description}
              {isRisky(name) && <RiskBadge />}
            </span>
          }
          note={<code className="break-all">{name}</code>}
          checked={isChosen}
          onChange={toggle}
        />
        {routes.length > 0 && (
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => setOpen(!isOpen)}
            className="inline-flex h-7 items-center gap-1 rounded-md px-1.5 text-xs text-ink-3 hover:bg-hover hover:text-ink max-sm:ml-6"
          >
            {words.newKey.opens(routes.length)}
            <Icon name={isOpen ? 'down' : 'right'} size={12} />
          </button>
        )}
      </div>
      {isOpen && (
        <ul id={id} className="mt-1 mb-1 ml-6.5 flex flex-col gap-1 border-l-2 pl-3">
          {routes.map(({ method, path, need, permissions }) => (
            <li key={`${method} ${path}`} className="font-mono text-xs break-all text-ink-2">
              <span className="text-ink-3">{method.padEnd(6)}</span> {path}
              {need === 'all' && permissions.length > 1 && (
                <span className="font-sans text-ink-3">
                  {' '}
                  {words.newKey.also} {permissions.filter((one) => one !== name).join(', ')}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

export function RiskBadge() {
  return (
    <Badge tone="warn" icon="alert">
      {words.newKey.risky}
    </Badge>
  )
}
