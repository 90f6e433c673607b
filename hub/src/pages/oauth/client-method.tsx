// How an application shows who it is: a secret of ours, keys of its own, or a certificate (RFC 8705).

import { type AuthMethod, isByCertificate, subjectKinds } from '../../api/clients.ts'
import { Check, Choice, Field, Input, Select, TextArea } from '../../ui/field.tsx'
import { Notice } from '../../ui/states.tsx'
import { oauthWords } from '../../words/oauth.ts'
import type { PartProps } from './client-wish.ts'
import { Wrong } from './wrong.tsx'

const text = oauthWords.client

const methods: readonly AuthMethod[] = [
  ...(['client_secret', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'] as const),
]

interface MethodProps extends PartProps {
  /** By field of the API. */
  readonly fault: (name: string) => string | undefined
}

export function Method({ wish, change, fault }: MethodProps) {
  const hasCertificate = isByCertificate(wish.method)
  return (
    <div className="flex flex-col gap-3">
      <Choice
        legend={text.methodTitle}
        value={wish.method}
        onChange={(method) => change({ method })}
        options={methods.map((value) => ({
          value,
          label: text.methods[value] ?? value,
          note: text.methodNotes[value],
        }))}
      />
      <Wrong>{fault('auth_method')}</Wrong>
      {wish.method === 'private_key_jwt' && (
        <Pasted
          {...{ label: text.jwks, hint: text.jwksHint, fault: fault('jwks'), value: wish.jwks }}
          change={(jwks) => change({ jwks })}
        />
      )}
      {wish.method === 'self_signed_tls_client_auth' && (
        <Pasted
          {...{ label: text.certificates, hint: text.certificatesHint, value: wish.certificates }}
          fault={fault('jwks') ?? fault('jwks/keys/0')}
          change={(certificates) => change({ certificates })}
        />
      )}
      {wish.method === 'tls_client_auth' && <Subject {...{ wish, change, fault }} />}
      {hasCertificate && <Notice tone="info">{text.overTls}</Notice>}
      <Check
        label={hasCertificate ? text.bindCertificate : text.bind}
        note={text.bindNote}
        checked={wish.bound}
        onChange={(event) => change({ bound: event.target.checked })}
      />
    </div>
  )
}

interface PastedProps {
  readonly label: string
  readonly hint: string
  readonly fault: string | undefined
  readonly value: string
  readonly change: (text: string) => void
}

function Pasted({ label, hint, fault, value, change }: PastedProps) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      <TextArea
        rows={5}
        spellCheck={false}
        className="font-mono text-[13px]"
        value={value}
        onChange={(event) => change(event.target.value)}
      />
    </Field>
  )
}

function Subject({ wish, change, fault }: MethodProps) {
  const { subjectKind: kind } = wish
  return (
    <div className="grid gap-3 sm:grid-cols-[180px_minmax(0,1fr)]">
      <Field label={text.subjectKind}>
        <Select
          value={kind}
          onChange={({ target }) =>
            change({ subjectKind: subjectKinds.find((one) => one === target.value) ?? kind })
          }
        >
          {subjectKinds.map((one) => (
            <option key={one} value={one}>
              {text.subjectKinds[one]}
            </option>
          ))}
        </Select>
      </Field>
      <Field
        label={text.subject}
        hint={text.subjectHint}
        fault={fault('tls_subject') ?? fault(`tls_subject/${kind}`)}
      >
        <Input
          autoComplete="off"
          spellCheck={false}
          maxLength={1024}
          className="font-mono"
          placeholder={text.subjectExamples[kind]}
          value={wish.subject}
          onChange={(event) => change({ subject: event.target.value })}
        />
      </Field>
    </div>
  )
}
