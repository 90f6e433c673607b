import { useQuery } from '@tanstack/react-query'
import { type Instance, instanceList } from '../../api/instances.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Listing } from '../../ui/listing.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { figure, words } from '../../words.ts'

const text = words.instances
/** Beyond it expiry is judged otherwise than people expect. */
const clockBoundMs = 1_000

export function Instances() {
  const found = useQuery(instanceList)
  const rows = found.data?.data ?? []
  const columns = text.columns
  return (
    <>
      <PageHead title={text.title} about={text.about} />
      <Listing
        found={found}
        count={rows.length}
        failed={text.failed}
        rows={3}
        empty={<Empty icon="instances" title={text.empty} />}
      >
        <Table
          caption={text.title}
          head={
            <>
              <Th>{columns.id}</Th>
              <Th shown="middle">{columns.runs}</Th>
              <Th>{columns.revision}</Th>
              <Th shown="wide">{columns.clock}</Th>
              <Th shown="roomy">{columns.stores}</Th>
              <Th shown="roomy">{columns.state}</Th>
              <Th shown="middle">{columns.seen}</Th>
            </>
          }
        >
          {rows.map((one) => (
            <Row key={one.id} one={one} />
          ))}
        </Table>
      </Listing>
    </>
  )
}

function Row({ one }: { one: Instance }) {
  const clock = one.clock_offset_ms
  return (
    <Tr>
      <Td className="max-w-[220px] min-w-[110px]">
        <code className="block truncate font-medium">{one.id}</code>
        <span className="block truncate text-xs text-ink-3">
          {one.role} · {one.host}
        </span>
      </Td>
      <Td shown="middle">
        {one.version}
        <span className="block text-xs text-ink-3" title={one.table_sha256 ?? undefined}>
          {one.table_sha256 === null ? text.tableUnknown : text.table(one.table_sha256.slice(0, 10))}
        </span>
      </Td>
      <Td>
        {figure(one.applied_revision)}
        <span className={`block text-xs ${one.behind > 0 ? 'text-warn' : 'text-ink-3'}`}>
          {one.behind > 0 ? text.behind(one.behind) : text.upToDate}
        </span>
      </Td>
      <Td shown="wide" className={Math.abs(clock ?? 0) > clockBoundMs ? 'text-warn' : ''}>
        {clock === null ? '—' : text.clockOff(clock)}
      </Td>
      <Td shown="roomy">
        <span className="flex flex-col items-start gap-1">
          <Store name={text.postgres} state={one.postgres} />
          <Store name={text.redis} state={one.redis} />
        </span>
      </Td>
      <Td shown="roomy" className="max-w-[260px]">
        <State one={one} />
      </Td>
      <Td shown="middle" className="text-ink-2">
        <Time at={one.last_seen_at} />
        <span className="block text-xs text-ink-3">
          {text.started} <Time at={one.started_at} />
        </span>
      </Td>
    </Tr>
  )
}

const storeTones: Readonly<Record<string, Tone>> = { up: 'good', none: 'plain', degraded: 'warn' }

function Store({ name, state }: { name: string; state: string | null }) {
  return (
    <Badge tone={state === null ? 'plain' : (storeTones[state] ?? 'bad')}>
      {name}: {state === null ? text.unknown : (text.stores[state] ?? state)}
    </Badge>
  )
}

function State({ one: { degraded } }: { one: Instance }) {
  if (degraded === null) return <span className="text-ink-3">{text.unknown}</span>
  if (degraded.length === 0)
    return (
      <Badge tone="good" icon="check">
        {text.well}
      </Badge>
    )
  return (
    <ul className="flex flex-col gap-1 text-xs">
      {degraded.map(({ reason, detail }) => (
        <li key={`${reason} ${detail ?? ''}`}>
          <span className="font-medium text-warn">{text.reasons[reason] ?? reason}</span>
          {detail !== null && <code className="block break-words text-ink-3">{detail}</code>}
        </li>
      ))}
    </ul>
  )
}
