// Which environment the reader looks at. Live and Sandbox are never mistaken: a solid green sign, a dashed amber one, and a
// line across the frame.

import { useQuery } from '@tanstack/react-query'
import { permissionTable } from '../api/permissions.ts'
import { useQueryState } from '../router.tsx'
import { words } from '../words.ts'

export const liveName = 'live'

export function isLive(environment: string): boolean {
  return environment === liveName || environment === 'production'
}

/** Those of all APIs that the reader sees, `live` first. */
export function useEnvironments(): readonly string[] {
  const { data } = useQuery(permissionTable)
  const names = new Set((data?.data ?? []).flatMap(({ environments }) => environments))
  return names.size === 0
    ? [liveName, 'sandbox']
    : [...names].toSorted((a, b) => Number(isLive(b)) - Number(isLive(a)))
}

export function useEnvironment(): string {
  const [query] = useQueryState()
  return query.get('env') ?? liveName
}

export function EnvironmentSwitch() {
  const [, change] = useQueryState()
  const current = useEnvironment()
  const names = useEnvironments()
  return (
    <div
      role="group"
      aria-label={words.environments.switch}
      className="inline-flex rounded-lg border bg-sunk p-0.5"
    >
      {names.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === current}
          onClick={() => change({ env: name === liveName ? null : name, cursor: null })}
          className={`inline-flex h-7 items-center gap-1.5 rounded-md border px-2.5 text-[13px] font-medium transition-colors duration-150 ${toneOf(name, name === current)}`}
        >
          <EnvironmentSign name={name} />
          {words.environments.name(name)}
        </button>
      ))}
    </div>
  )
}

function toneOf(name: string, isCurrent: boolean): string {
  if (!isCurrent) return 'border-transparent text-ink-3 hover:text-ink'
  return isLive(name)
    ? 'border-good-line bg-good-soft text-good'
    : 'border-dashed border-warn bg-warn-soft text-warn'
}

export function EnvironmentSign({ name }: { name: string }) {
  return isLive(name) ? (
    <span aria-hidden="true" className="size-2 rounded-full bg-good" />
  ) : (
    <span aria-hidden="true" className="size-2 rounded-full border-[1.5px] border-dashed border-warn" />
  )
}

/** Beside a name: which environment something is of. */
export function EnvironmentBadge({ name }: { name: string }) {
  return (
    <span
      className={`inline-flex h-[22px] items-center gap-1.5 rounded-full border px-2 text-xs font-medium ${
        isLive(name)
          ? 'border-good-line bg-good-soft text-good'
          : 'border-dashed border-warn bg-warn-soft text-warn'
      }`}
    >
      <EnvironmentSign name={name} />
      {words.environments.name(name)}
    </span>
  )
}

/** Across the frame while what is shown is not live. */
export function EnvironmentBar({ name }: { name: string }) {
  if (isLive(name)) return null
  return (
    <div className="border-b border-dashed border-warn bg-warn-soft px-4 py-1.5 text-center text-[13px] font-medium text-warn">
      {name === 'sandbox' ? words.environments.sandboxBar : words.environments.otherBar(name)}
    </div>
  )
}
