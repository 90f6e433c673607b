import { useQuery } from '@tanstack/react-query'
import { permissionUse, unusedOf } from '../../api/key-use.ts'
import { fullAccess, isRisky, opened, permissionTable } from '../../api/permissions.ts'
import type { ApiRoute, Key } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { RiskBadge } from '../new-key/permission-picker.tsx'

interface HeldProps {
  readonly one: Key
  /** null: no change is the reader's to make. */
  readonly ask: ((what: 'edit' | 'unused') => void) | null
}

export function HeldPermissions({ one, ask }: HeldProps) {
  const use = useQuery(permissionUse(one.id))
  const usedAt = new Map((use.data?.data ?? []).map((each) => [each.permission, each.last_used_at]))
  const unused = unusedOf(one, use.data)
  const { data } = useQuery(permissionTable)
  const api = data?.data.find((each) => each.api === one.api)
  const said = new Map((api?.permissions ?? []).map(({ name, description }) => [name, description]))
  const routes = opened(api, new Set(one.permissions))
  return (
    <Section
      title={words.key.permissions}
      actions={
        ask && (
          <span className="flex gap-2">
            {unused.length > 0 && unused.length < one.permissions.length && (
              <Button isSmall onClick={() => ask('unused')}>
                {words.key.removeUnused(unused.length)}
              </Button>
            )}
            <Button isSmall onClick={() => ask('edit')}>
              {words.key.edit}
            </Button>
          </span>
        )
      }
    >
      {one.permissions.includes(fullAccess) ? (
        <Notice tone="warn" title={words.newKey.full}>
          {words.key.fullAccess}
        </Notice>
      ) : (
        <ul className="card divide-y">
          {one.permissions.map((name) => (
            <li key={name} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-2.5">
              <Icon name="check" size={14} className={unused.includes(name) ? 'text-ink-3' : 'text-good'} />
              <span className="min-w-0 text-sm">{said.get(name) ?? name}</span>
              {isRisky(name) && <RiskBadge />}
              {use.data && (
                <span className="text-[13px] text-ink-3">
                  {!usedAt.get(name) && words.key.permissionUnused}
                  {usedAt.get(name) && (
                    <>
                      {words.key.permissionUsed} <Time at={usedAt.get(name)} />
                    </>
                  )}
                </span>
              )}
              <code className="ml-auto text-xs break-all text-ink-3">{name}</code>
            </li>
          ))}
        </ul>
      )}
      {routes.length > 0 && <RouteList routes={routes} />}
    </Section>
  )
}

export function RouteList({ routes }: { routes: readonly ApiRoute[] }) {
  return (
    <details className="mt-2 text-[13px]">
      <summary className="inline-flex h-8 items-center gap-1 rounded-md px-1.5 text-ink-2 hover:text-ink">
        {words.key.routes} ({routes.length})
      </summary>
      <ul className="card mt-1 divide-y">
        {routes.map(({ method, path }) => (
          <li key={`${method} ${path}`} className="flex gap-3 px-4 py-1.5 font-mono text-xs">
            <span className="w-14 shrink-0 text-ink-3">{method}</span>
            <span className="min-w-0 break-all">{path}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
