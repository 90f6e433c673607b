import { useState } from 'react'
import { addPasskey, hasPasskeys, type Passkey, removePasskey } from '../../api/security.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { accountWords } from '../../words/account.ts'
import { Proven, useAgain } from './proven.tsx'

const text = accountWords.security

export function Passkeys({ passkeys }: { passkeys: readonly Passkey[] }) {
  const again = useAgain()
  const [name, setName] = useState('')
  const [isAdding, setAdding] = useState(false)
  const [removed, setRemoved] = useState<Passkey | null>(null)
  return (
    <div className="px-4 py-3 text-[13px]">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-medium">{text.passkeys}</h3>
        {hasPasskeys() && (
          <Button isSmall icon="plus" onClick={() => setAdding(true)}>
            {text.addPasskey}
          </Button>
        )}
      </div>
      {passkeys.length === 0 && <p className="text-ink-3">{text.noPasskeys}</p>}
      <ul className="mt-1 flex flex-col gap-1">
        {passkeys.map((one) => (
          <li key={one.id} className="flex min-h-9 items-center gap-3">
            <span className="min-w-0 flex-1 truncate">{one.name}</span>
            <span className="text-ink-3">
              {accountWords.account.lastUsed} <Time at={one.last_used_at} never={words.common.never} />
            </span>
            <Button isSmall onClick={() => setRemoved(one)}>
              {text.remove}
            </Button>
          </li>
        ))}
      </ul>
      {isAdding && (
        <Proven
          title={text.addPasskey}
          submit={text.addPasskey}
          working={text.adding}
          failed={text.passkeyFailed}
          act={(proof) => addPasskey(name.trim(), proof)}
          done={() => {
            setAdding(false)
            again()
          }}
          close={() => setAdding(false)}
        >
          <Field label={text.passkeyName} hint={text.passkeyNameHint}>
            <Input required autoFocus value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
        </Proven>
      )}
      {removed !== null && (
        <Proven
          title={`${text.remove}: ${removed.name}`}
          submit={text.remove}
          working={words.common.saving}
          failed={text.changeFailed}
          act={(proof) => removePasskey(removed.id, proof)}
          done={() => {
            setRemoved(null)
            again()
          }}
          close={() => setRemoved(null)}
        />
      )}
    </div>
  )
}
