// Pairs of a name and a text, as the merchant's own systems know a key.

import { Button, IconButton } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { words } from '../../words.ts'

export interface Pair {
  readonly id: number
  readonly name: string
  readonly value: string
}

const mostPairs = 16

export function pairsOf(metadata: Readonly<Record<string, string>> = {}): readonly Pair[] {
  return Object.entries(metadata)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value], id) => ({ id, name, value }))
}

/** Without those that have no name. */
export function recordOf(pairs: readonly Pair[]): Readonly<Record<string, string>> {
  const named = pairs.map(({ name, value }) => [name.trim(), value.trim()]).filter(([name]) => name !== '')
  return Object.fromEntries(named)
}

interface MetadataProps {
  readonly pairs: readonly Pair[]
  readonly change: (pairs: readonly Pair[]) => void
  readonly fault: string | undefined
}

export function MetadataFields({ pairs, change, fault }: MetadataProps) {
  const text = words.edit
  const put = (id: number, part: Partial<Pair>): void =>
    change(pairs.map((one) => (one.id === id ? { ...one, ...part } : one)))
  const nextId = Math.max(-1, ...pairs.map(({ id }) => id)) + 1
  return (
    <fieldset>
      <legend className="mb-1.5 text-[13px] font-medium">
        {text.metadata} <span className="font-normal text-ink-3">({words.common.optional})</span>
      </legend>
      <div className="flex flex-col gap-2">
        {pairs.map(({ id, name, value }, index) => (
          <div key={id} className="flex gap-2">
            <Input
              aria-label={text.metadataName(index + 1)}
              placeholder={text.metadataNamePlaceholder}
              pattern="\s*[A-Za-z][A-Za-z0-9_.\-]{0,39}\s*"
              title={text.metadataForm}
              className="max-w-40"
              value={name}
              onChange={(event) => put(id, { name: event.target.value })}
            />
            <Input
              aria-label={text.metadataValue(index + 1)}
              required={name.trim() !== ''}
              value={value}
              onChange={(event) => put(id, { value: event.target.value })}
            />
            <IconButton
              icon="cross"
              label={text.metadataRemove(index + 1)}
              onClick={() => change(pairs.filter((one) => one.id !== id))}
            />
          </div>
        ))}
        {fault !== undefined && (
          <p role="alert" className="text-[13px] text-bad">
            {fault}
          </p>
        )}
        {pairs.length < mostPairs && (
          <Button isSmall icon="plus" onClick={() => change([...pairs, { id: nextId, name: '', value: '' }])}>
            {text.metadataAdd}
          </Button>
        )}
      </div>
    </fieldset>
  )
}
