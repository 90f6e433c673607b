// What the gateway would do with a request, asked before somebody sends it.

import { type FormEvent, useState } from 'react'
import { explain, type Explained } from '../../api/explain.ts'
import { Badge, Chip } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input, Select } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'
import { FaultNotice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { Fact } from '../key/facts.tsx'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const text = words.routes

export function Explain() {
  const [asked, setAsked] = useState({ method: 'GET', url: '', holder: '' })
  const [found, setFound] = useState<Explained | null>(null)
  const action = useAction(() => explain(asked), setFound)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setFound(null)
    action.run(undefined)
  }
  return (
    <Section title={text.explain} about={text.explainAbout}>
      <form onSubmit={submit} className="card p-5">
        <div className="grid items-end gap-3 sm:grid-cols-[110px_minmax(0,1fr)_minmax(0,1fr)_auto]">
          <Field label={text.method}>
            <Select
              value={asked.method}
              onChange={(event) => setAsked({ ...asked, method: event.target.value })}
            >
              {methods.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          </Field>
          <Field label={text.url}>
            <Input
              required
              spellCheck={false}
              placeholder="/v1/transactions/tr_1"
              value={asked.url}
              onChange={(event) => setAsked({ ...asked, url: event.target.value })}
            />
          </Field>
          <Field label={text.holder}>
            <Input
              spellCheck={false}
              placeholder={text.holderHint}
              value={asked.holder}
              onChange={(event) => setAsked({ ...asked, holder: event.target.value })}
            />
          </Field>
          <Button kind="primary" type="submit" busy={action.isRunning && words.link.working}>
            {text.ask}
          </Button>
        </div>
        {action.fault !== null && (
          <div className="mt-4">
            <FaultNotice fault={action.fault} what={text.explainFailed} />
          </div>
        )}
        {found !== null && <Answer found={found} />}
      </form>
    </Section>
  )
}

function Answer({ found }: { found: Explained }) {
  const isAllowed = found.decision === 'allow'
  return (
    <div className="mt-4 rounded-lg border" role="status">
      <p className="flex flex-wrap items-center gap-2 border-b bg-sunk px-4 py-2.5 text-sm font-medium">
        <Badge tone={isAllowed ? 'good' : 'bad'} icon={isAllowed ? 'check' : 'cross'}>
          {isAllowed ? text.allowed : `${found.status ?? ''} ${found.code ?? ''}`}
        </Badge>
        {found.reason !== null && <code className="text-xs font-normal text-ink-3">{found.reason}</code>}
        {found.hint !== null && <span className="text-[13px] font-normal text-ink-2">{found.hint}</span>}
      </p>
      <dl className="divide-y text-[13px]">
        <Fact name={text.columns.route}>
          {found.route === null ? '—' : <code className="break-all">{found.route.template}</code>}
        </Fact>
        <Fact name={text.columns.source}>
          <code className="break-all">{found.route?.source ?? '—'}</code>
        </Fact>
        <Fact name={text.columns.need}>
          {found.required === null ? (
            '—'
          ) : found.match === 'none' ? (
            text.public
          ) : (
            <span className="flex flex-wrap justify-end gap-1">
              {found.required.map((name) => (
                <Chip key={name}>{name}</Chip>
              ))}
            </span>
          )}
        </Fact>
        <Fact name={words.common.environment}>
          {[found.api, found.environment].filter(Boolean).join(' · ') || '—'}
        </Fact>
        <Fact name={text.upstream}>
          <code className="break-all">
            {[found.upstream, found.sent_path].filter(Boolean).join(' ') || '—'}
          </code>
        </Fact>
      </dl>
    </div>
  )
}
