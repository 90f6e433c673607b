// The way of one request through the gateway, step by step, with the one at which it ended.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type KeptRequest, requestById } from '../../api/requests.ts'
import { Link } from '../../router.tsx'
import { holderPath } from '../../shell/holder.ts'
import { Back, Detail } from '../../shell/detail.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import { exactTime, Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { OutcomeBadge } from './outcome.tsx'
import { type Step, stepsOf, textOf } from './steps.ts'
import { toneOf } from './tone.ts'

export function RequestDetail({ id }: { id: string }) {
  return (
    <Detail
      found={useQuery(requestById(id))}
      icon="search"
      back={<BackToRequests />}
      failed={words.requests.oneFailed}
      goneTitle={words.requests.goneTitle}
      gone={({ details: [said] }) => (
        <>
          <p>{words.requests.gone}</p>
          <p className="mt-2 text-[13px] break-words text-ink-3">
            <code className="break-all">{id}</code>
            {said && <>: {said.message.split(';')[0]}</>}
          </p>
        </>
      )}
    >
      {(one) => <Way one={one} />}
    </Detail>
  )
}

function BackToRequests() {
  return <Back to="/developers/requests">{words.requests.title}</Back>
}

function Way({ one }: { one: KeptRequest }) {
  const tone = toneOf(one)
  return (
    <div className="max-w-[760px]">
      <PageHead
        above={<BackToRequests />}
        title={one.route || one.method}
        beside={<OutcomeBadge one={one} />}
        about={
          <span className="inline-flex flex-wrap items-center gap-x-2">
            <code className="text-xs break-all">{one.id}</code>
            <CopyButton text={one.id} label={words.faults.copyRequestId} isQuiet />
            <Time at={one.at} />
          </span>
        }
        actions={<CopyButton text={textOf(one, exactTime(one.at))} label={words.requests.copyText} />}
      />
      <div className="mb-6">
        <Notice tone={tone} title={words.requests.explanation}>
          {one.explanation}
          {one.code !== null && (
            <Link to={`/docs/errors/${one.code}`} className="mt-1 block text-accent-ink hover:underline">
              {words.requests.aboutCode(one.code)}
            </Link>
          )}
        </Notice>
      </div>
      <ol className="card px-5 py-4">
        {stepsOf(one).map((step, index, all) => (
          <StepRow key={step.name} step={step} isLast={index === all.length - 1}>
            {step.name === 'key' && one.key_id !== null && (
              <Link to={holderPath(one.key_id)} className="text-accent-ink hover:underline">
                {words.requests.openKey}
              </Link>
            )}
          </StepRow>
        ))}
      </ol>
    </div>
  )
}

const faces = {
  passed: ['bg-good-soft text-good border-good-line', 'check'],
  failed: ['bg-bad-soft text-bad border-bad-line', 'cross'],
  skipped: ['bg-sunk text-ink-3 border-line', 'more'],
} as const

function StepRow({ step, isLast, children }: { step: Step; isLast: boolean; children: ReactNode }) {
  const [face, sign] = faces[step.state]
  return (
    <li className={`relative flex gap-3.5 ${isLast ? '' : 'pb-4'}`}>
      {!isLast && <span aria-hidden="true" className="absolute top-7 bottom-0.5 left-[13px] w-px bg-line" />}
      <span className={`flex size-7 shrink-0 items-center justify-center rounded-full border ${face}`}>
        <Icon name={sign} size={14} />
      </span>
      <div className="min-w-0 flex-1 pt-0.5">
        <p
          className={`text-sm font-medium ${step.state === 'failed' ? 'text-bad' : step.state === 'skipped' ? 'text-ink-3' : ''}`}
        >
          {words.requests.steps[step.name]}
          <span className="sr-only">: {step.state}</span>
        </p>
        <p className="flex flex-wrap gap-x-3 text-[13px] break-all text-ink-2">
          <span>{step.text}</span>
          {children}
        </p>
      </div>
    </li>
  )
}
