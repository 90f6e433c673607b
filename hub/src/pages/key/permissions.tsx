import { useQuery } from '@tanstack/react-query'
import { fullAccess, isRisky, opened, permissionTable } from '../../api/permissions.ts'
import type { ApiRoute, Key } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { RiskBadge } from '../new-key/permission-picker.tsx'

export function HeldPermissions({ one, edit }: { one: Key; edit: (() => void) | null }) {
  const { data } = useQuery(permissionTable)
  const api = data?.data.find((each) => each.api === one.api)
  const said = new Map((api?.permissions ?? []).map(({ name, description }) => [name, description]))
  const routes = opened(api, new Set(one.permissions))
  return (
    <Section
      title={words.key.permissions}
      actions={
        edit && (
          <Button isSmall onClick={edit}>
            {words.key.edit}
          </Button>
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
              <Icon name="check" size={14} className="text-good" />
              <span className="min-w-0 text-sm">{said.get(name) ?? name}</span>
              {isRisky(name) && <RiskBadge />}
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
