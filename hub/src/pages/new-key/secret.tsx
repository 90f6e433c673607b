// The secret, once. It lives in the state of whoever shows this and nowhere else: not in an address, a cache or a store of
// the browser; leaving the page is the end of it.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { permissionTable } from '../../api/permissions.ts'
import type { ApiPermissions, KeyWithSecret } from '../../api/types.ts'
import { navigate, withKept } from '../../router.tsx'
import { EnvironmentBadge } from '../../shell/environment.tsx'
import { useGuard } from '../../shell/keep-secret.ts'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/field.tsx'
import { CopyButton, CopyLine } from '../../ui/copy.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { InForce } from '../key/in-force.tsx'

interface SecretProps {
  readonly made: KeyWithSecret
  readonly title: string
  readonly done: () => void
}

export function SecretPanel({ made, title, done }: SecretProps) {
  const [isStored, setStored] = useState(false)
  useGuard(made.secret !== null && !isStored)
  if (made.secret === null)
    return (
      <Notice
        tone="warn"
        title={words.secret.lostTitle}
        action={
          <Button isSmall onClick={() => navigate(withKept(`/developers/keys/${made.id}`))}>
            {words.secret.toKey}
          </Button>
        }
      >
        {words.secret.lost}
      </Notice>
    )
  return (
    <div className="card overflow-hidden">
      <div className="flex flex-wrap items-center justify-between gap-3 border-b bg-sunk px-5 py-3">
        <span className="flex min-w-0 flex-wrap items-center gap-2">
          <strong className="min-w-0 font-semibold break-words">{words.secret.made(made.name)}</strong>
          <EnvironmentBadge name={made.environment} />
        </span>
        <InForce pending={made.pending} />
      </div>
      <div className="flex flex-col gap-5 p-5">
        <div>
          <h2 className="text-base font-semibold">{title}</h2>
          <p className="mt-1 text-sm text-ink-2">{words.secret.about}</p>
        </div>
        <output
          aria-label={words.secret.label}
          data-secret=""
          className="block rounded-lg border-2 border-accent bg-accent-soft px-4 py-3.5 font-mono text-[15px] leading-6 font-medium break-all text-ink select-all"
        >
          {made.secret}
        </output>
        <div className="flex flex-wrap gap-2">
          <CopyButton text={made.secret} label={words.secret.copy} />
          <Button icon="download" onClick={() => downloadEnv(made)}>
            {words.secret.env}
          </Button>
        </div>
        <Curl made={made} secret={made.secret} />
        <p className="text-[13px] text-ink-3">{words.secret.keep}</p>
        <div className="flex flex-wrap items-center justify-between gap-3 border-t pt-4">
          <Check
            label={words.secret.stored}
            checked={isStored}
            onChange={(event) => setStored(event.target.checked)}
          />
          <Button kind="primary" disabled={!isStored} onClick={done}>
            {words.secret.done}
          </Button>
        </div>
      </div>
    </div>
  )
}

function Curl({ made, secret }: { made: KeyWithSecret; secret: string }) {
  const { data } = useQuery(permissionTable)
  const line = curlLine(
    data?.data.find(({ api }) => api === made.api),
    made,
    secret,
  )
  if (line === null) return null
  return (
    <div>
      <h3 className="mb-1.5 text-[13px] font-medium">{words.secret.curl}</h3>
      <CopyLine text={line} label={words.secret.curl} />
    </div>
  )
}

/** A request that the key opens, with nothing to fill in if there is one. */
function curlLine(api: ApiPermissions | undefined, made: KeyWithSecret, secret: string): string | null {
  const host = api?.hosts?.[made.environment]?.[0]
  if (api === undefined || host === undefined || host === '*') return null
  const held = new Set(made.permissions)
  const fits = (api.routes ?? []).filter(
    ({ method, need, permissions }) =>
      method === 'GET' &&
      need !== 'public' &&
      (held.has('*') ||
        (need === 'all'
          ? permissions.every((one) => held.has(one))
          : permissions.some((one) => held.has(one)))),
  )
  const route = fits.find(({ path }) => !path.includes('{')) ?? fits[0]
  if (route === undefined) return null
  const header = api.credential?.header
  const field = header ? `${header}: ${secret}` : `Authorization: Bearer ${secret}`
  const path = route.path.replaceAll(/\{[^}]*\}/g, '1')
  const here = localGateway()
  return here === ''
    ? `curl -H '${field}' 'https://${host}${path}'`
    : `curl -H 'Host: ${host}' -H '${field}' '${here}${path}'`
}

/** Told by the server where all is on one machine, and the names of hosts lead nowhere. */
function localGateway(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="gateway"]')?.content ?? ''
}

function downloadEnv({ api, environment, secret }: KeyWithSecret): void {
  const name = `${api}_${environment}_API_KEY`.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([`${name}=${secret ?? ''}\n`], { type: 'text/plain' }))
  link.download = '.env'
  link.click()
  URL.revokeObjectURL(link.href)
}
