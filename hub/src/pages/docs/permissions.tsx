import { useQuery } from '@tanstack/react-query'
import { isRisky, permissionTable, routesOf } from '../../api/permissions.ts'
import { PageHead, Section } from '../../ui/page.tsx'
import { FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { RouteList } from '../key/permissions.tsx'
import { RiskBadge } from '../new-key/permission-picker.tsx'

export function PermissionDocs() {
  const found = useQuery(permissionTable)
  return (
    <>
      <PageHead title={words.docs.permissions} about={words.docs.permissionsAbout} />
      {found.isPending && <SkeletonRows />}
      {found.isError && (
        <FaultNotice fault={found.error} what={words.routes.failed} again={() => void found.refetch()} />
      )}
      {found.data?.data.map((api) => (
        <Section key={api.api} title={api.api}>
          <ul className="card divide-y">
            {api.permissions.map(({ name, description }) => (
              <li key={name} id={`${api.api}:${name}`} className="px-4 py-3">
                <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm font-medium">
                  {description}
                  {isRisky(name) && <RiskBadge />}
                  <code className="ml-auto text-xs font-normal break-all text-ink-3">{name}</code>
                </p>
                <RouteList routes={routesOf(api, name)} />
              </li>
            ))}
          </ul>
        </Section>
      ))}
    </>
  )
}
