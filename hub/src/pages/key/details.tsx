import { useState } from 'react'
import { faultOf } from '../../api/fault.ts'
import { patchKey, useTakeKey } from '../../api/keys.ts'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAction } from '../../ui/use-action.ts'
import { words } from '../../words.ts'
import { ExpiryField } from '../new-key/fields.tsx'
import { MetadataFields, type Pair, pairsOf, recordOf } from './metadata.tsx'
import type { VerbProps } from './verbs.tsx'

/** Name, owner, expiry, and pairs of the merchant's own. */
export function DetailsDialog({ one, close, done }: VerbProps) {
  const take = useTakeKey()
  const [seen] = useState(one)
  const [name, setName] = useState(one.name)
  const [owner, setOwner] = useState(one.owner ?? '')
  const [expires, setExpires] = useState(one.expires_at)
  const [pairs, setPairs] = useState<readonly Pair[]>(() => pairsOf(one.metadata))
  const metadata = recordOf(pairs)
  const patch = {
    ...(name.trim() !== seen.name && { name: name.trim() }),
    ...(owner.trim() !== (seen.owner ?? '') && { owner: owner.trim() || null }),
    ...(expires !== seen.expires_at && { expires_at: expires }),
    ...(JSON.stringify(metadata) !== JSON.stringify(recordOf(pairsOf(seen.metadata))) && { metadata }),
  }
  const action = useAction(
    () => patchKey(seen, patch, ''),
    (answer) => {
      take(answer)
      done?.(answer)
      close()
    },
  )
  const told = (path: string): string | undefined => faultOf(action.fault, path)
  const isTold = ['/name', '/owner', '/expires_at', '/metadata'].some((path) => told(path) !== undefined)
  return (
    <FormDialog
      title={words.edit.detailsTitle}
      action={action}
      failed={words.edit.detailsFailed}
      isTold={isTold}
      submit={words.common.save}
      isReady={name.trim() !== '' && Object.keys(patch).length > 0}
      close={close}
    >
      <Field label={words.newKey.name} hint={words.newKey.nameHint} fault={told('/name')}>
        <Input autoFocus value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field
        label={`${words.edit.owner} (${words.common.optional})`}
        hint={words.edit.ownerHint}
        fault={told('/owner')}
      >
        <Input value={owner} onChange={(event) => setOwner(event.target.value)} />
      </Field>
      <ExpiryField
        before={seen.expires_at}
        value={expires}
        fault={told('/expires_at')}
        onChange={setExpires}
      />
      <MetadataFields pairs={pairs} change={setPairs} fault={told('/metadata')} />
    </FormDialog>
  )
}
