import { useQuery } from '@tanstack/react-query'
import { permissionTable } from '../../api/permissions.ts'
import type { ApiPermissions } from '../../api/types.ts'
import { useQueryState } from '../../router.tsx'
import { Badge, Chip } from '../../ui/badge.tsx'
import { Input } from '../../ui/field.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { Empty, FaultNotice, SkeletonRows } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { figure, words } from '../../words.ts'
import { useCoverage } from './coverage.ts'
import { Explain } from './explain.tsx'

export function RouteTable() {
  const found = useQuery(permissionTable)
  const [query, change] = useQueryState()
  const text = query.get('q') ?? ''
  return (
    <>
      <PageHead title={words.routes.title} about={words.routes.about} />
      <Explain />
      <div className="mb-5">
        <Input
          type="search"
          aria-label={words.routes.search}
          placeholder={words.routes.search}
          value={text}
          onChange={(event) => change({ q: event.target.value })}
        />
      </div>
      {found.isError && (
        <FaultNotice fault={found.error} what={words.routes.failed} again={() => void found.refetch()} />
      )}
      {found.isPending && <SkeletonRows />}
      {found.data?.data.map((api) => (
        <ApiRoutes key={api.api} api={api} text={text.trim().toLowerCase()} />
      ))}
    </>
  )
}

function ApiRoutes({ api, text }: { api: ApiPermissions; text: string }) {
  const all = api.routes ?? []
  const calls = useCoverage()
  const called = all.filter((route) => (calls?.(api.api, route) ?? 0) > 0).length
  const rows = all.filter(({ method, path, permissions }) =>
    `${method} ${path} ${permissions.join(' ')}`.toLowerCase().includes(text),
  )
  const open = all.filter(({ need }) => need === 'public').length
  return (
    <Section
      title={api.api}
      about={`${words.routes.counts(all.length, open)}${calls === undefined ? '' : `, ${words.routes.called(called)}`}`}
    >
      <div className="card overflow-hidden">
        {rows.length === 0 ? (
          <Empty icon="routes" title={words.routes.empty} />
        ) : (
          <Table
            caption={api.api}
            head={
              <>
                <Th>{words.routes.columns.route}</Th>
                <Th>{words.routes.columns.need}</Th>
                <Th shown="middle" isNumber>
                  {words.routes.columns.calls}
                </Th>
                <Th shown="wide">{words.routes.columns.source}</Th>
              </>
            }
          >
            {rows.map(({ method, path, need, permissions, source }) => (
              <Tr key={`${method} ${path}`}>
                <Td className="min-w-[180px]">
                  <code className="text-xs break-all">
                    <span className="inline-block w-14 text-ink-3">{method}</span>
                    {path}
                  </code>
                </Td>
                <Td>
                  {need === 'public' ? (
                    <Badge tone="warn">{words.routes.public}</Badge>
                  ) : (
                    <span className="flex flex-wrap items-center gap-1">
                      {permissions.length > 1 && (
                        <span className="text-xs text-ink-3">
                          {need === 'any' ? words.routes.any : words.routes.all}
                        </span>
                      )}
                      {permissions.map((name) => (
                        <Chip key={name}>{name}</Chip>
                      ))}
                    </span>
                  )}
                </Td>
                <Td shown="middle" isNumber className="text-ink-2">
                  {shownCount(calls?.(api.api, { method, path, need, permissions }))}
                </Td>
                <Td shown="wide" className="max-w-[240px]">
                  <code className="block truncate text-xs text-ink-3" title={source}>
                    {source?.split('/').at(-1)}
                  </code>
                </Td>
              </Tr>
            ))}
          </Table>
        )}
      </div>
    </Section>
  )
}

function shownCount(count: number | undefined): string {
  if (count === undefined) return '—'
  return count === 0 ? words.routes.notCalled : figure(count)
}
