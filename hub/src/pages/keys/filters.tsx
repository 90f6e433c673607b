import { useQuery } from '@tanstack/react-query'
import { permissionTable } from '../../api/permissions.ts'
import { keysOfAge } from '../../api/reminders.ts'
import { useQueryState } from '../../router.tsx'
import { useEnvironment } from '../../shell/environment.tsx'
import { Select } from '../../ui/field.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { words } from '../../words.ts'

export function Filters({ merchantId }: { merchantId: string | null }) {
  const [query, change] = useQueryState()
  const table = useQuery(permissionTable)
  const environment = useEnvironment()
  const aged = useQuery(keysOfAge('older_than:90d', merchantId, environment))
  const apis = (table.data?.data ?? []).map(({ api }) => [api, api] as const)
  const { filters, status, ageOptions, sorts } = words.keys
  const all = (name: string) => ['', `${name}: ${words.common.all}`] as const
  return (
    <div className="mb-3 flex flex-wrap gap-2">
      <SearchField
        label={words.keys.search}
        value={query.get('q') ?? ''}
        onChange={(text) => change({ q: text, in: null })}
      />
      <Filter
        name="status"
        label={filters.status}
        options={[all(filters.status), ...Object.entries(status)]}
      />
      {aged.isSuccess && <Filter name="age" label={filters.age} options={Object.entries(ageOptions)} />}
      {apis.length > 1 && <Filter name="api" label={filters.api} options={[all(filters.api), ...apis]} />}
      <Filter name="sort" label={words.common.sort} options={Object.entries(sorts)} />
    </div>
  )
}

interface FilterProps {
  /** In the address. */
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [value: string, label: string])[]
}

function Filter({ name, label, options }: FilterProps) {
  const [query, change] = useQueryState()
  return (
    <Select
      aria-label={label}
      className="w-[164px] max-sm:flex-1"
      value={query.get(name) ?? ''}
      onChange={(event) => change({ [name]: event.target.value })}
    >
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </Select>
  )
}
