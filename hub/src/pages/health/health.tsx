import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Instance, instanceList, type Readiness, readiness } from '../../api/instances.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageHead, Section } from '../../ui/page.tsx'
import { FaultNotice, Notice, Skeleton } from '../../ui/states.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { figure, words } from '../../words.ts'
import { worriesOf } from './worries.ts'

export function Health() {
  const state = useQuery(readiness)
  const instances = useQuery(instanceList)
  const rows = instances.data?.data ?? []
  return (
    <>
      <PageHead title={words.health.title} about={words.health.about} />
      {state.isError && (
        <div className="mb-6">
          <FaultNotice fault={state.error} what={words.health.failed} again={() => void state.refetch()} />
        </div>
      )}
      {state.isPending && <Skeleton className="mb-6 h-24 w-full" />}
      {state.data && <State state={state.data} rows={rows} />}
      <Section title={words.health.instances}>
        {instances.isError ? (
          <FaultNotice
            fault={instances.error}
            what={words.health.failed}
            again={() => void instances.refetch()}
          />
        ) : (
          <div className="card overflow-hidden">
            {instances.isPending ? <Skeleton className="m-4 h-12" /> : <Instances rows={rows} />}
          </div>
        )}
      </Section>
    </>
  )
}

function State({ state, rows }: { state: Readiness; rows: readonly Instance[] }) {
  const worries = worriesOf(state, rows)
  const tone = !state.isReady ? 'bad' : state.status === 'degraded' ? 'warn' : 'good'
  const title = { bad: words.health.down, warn: words.health.degraded, good: words.health.allWell }[tone]
  return (
    <>
      <div className="card mb-4 flex flex-wrap items-center gap-x-10 gap-y-4 p-5">
        <p className="flex items-center gap-3 text-base font-semibold">
          <span
            className={`flex size-9 items-center justify-center rounded-full ${
              { bad: 'bg-bad-soft text-bad', warn: 'bg-warn-soft text-warn', good: 'bg-good-soft text-good' }[
                tone
              ]
            }`}
          >
            <Icon name={tone === 'good' ? 'check' : 'alert'} size={18} />
          </span>
          {title}
        </p>
        <dl className="flex flex-1 flex-wrap gap-x-8 gap-y-3 text-[13px] sm:justify-end">
          <Figure name={words.health.postgres}>
            <Store word={state.postgres} />
          </Figure>
          <Figure name={words.health.redis}>
            <Store word={state.redis} />
          </Figure>
          <Figure name={words.health.revision}>
            {state.applied_revision === null ? '—' : figure(state.applied_revision)}
          </Figure>
          <Figure name={words.health.table}>
            <code title={state.table_sha256 ?? undefined}>{state.table_sha256?.slice(0, 10) ?? '—'}</code>
          </Figure>
        </dl>
      </div>
      <ul className="mb-6 flex flex-col gap-2 empty:hidden">
        {worries.map(({ tone: how, text, detail }) => (
          <li key={text}>
            <Notice tone={how}>
              {text}
              {detail && <code className="mt-1 block text-xs break-words whitespace-pre-wrap">{detail}</code>}
            </Notice>
          </li>
        ))}
      </ul>
    </>
  )
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className="mt-0.5 font-medium tabular-nums">{children}</dd>
    </div>
  )
}

const stateTones: Readonly<Record<string, Tone>> = { up: 'good', none: 'plain', down: 'bad', refused: 'bad' }

function Store({ word }: { word: string }) {
  return <Badge tone={stateTones[word] ?? 'warn'}>{words.health.state[word] ?? word}</Badge>
}

function Instances({ rows }: { rows: readonly Instance[] }) {
  const columns = words.health.columns
  const head = Math.max(...rows.map((one) => one.applied_revision), -1)
  return (
    <Table
      caption={words.health.instances}
      head={
        <>
          <Th>{columns.id}</Th>
          <Th shown="roomy">{columns.role}</Th>
          <Th shown="middle">{columns.version}</Th>
          <Th isNumber>{columns.revision}</Th>
          <Th shown="middle">{columns.clock}</Th>
          <Th shown="roomy">{columns.seen}</Th>
          <Th shown="wide">{columns.started}</Th>
        </>
      }
    >
      {rows.map((one) => (
        <Tr key={one.id}>
          <Td className="max-w-[240px]">
            <code className="block truncate">{one.id}</code>
            <span className="block truncate text-xs text-ink-3">{one.host}</span>
          </Td>
          <Td shown="roomy">{one.role}</Td>
          <Td shown="middle">{one.version}</Td>
          <Td isNumber>
            {figure(one.applied_revision)}
            {one.applied_revision < head && (
              <span className="block text-xs text-warn">
                {words.health.behind(head - one.applied_revision)}
              </span>
            )}
          </Td>
          <Td shown="middle">
            {one.clock_offset_ms === null ? '—' : words.health.clockOff(one.clock_offset_ms)}
          </Td>
          <Td shown="roomy">
            <Time at={one.last_seen_at} />
          </Td>
          <Td shown="wide">
            <Time at={one.started_at} />
          </Td>
        </Tr>
      ))}
    </Table>
  )
}
