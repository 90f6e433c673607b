import { Field, Select } from '../../ui/field.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'

interface GraceProps {
  readonly seconds: string
  readonly change: (seconds: string) => void
}

export const oneDay = '86400'

/** How long a secret works on that is rotated: of a key, or of an application. */
export function GraceField({ seconds, change }: GraceProps) {
  const options = Object.entries(words.rotate.graceOptions).toSorted(([a], [b]) => Number(a) - Number(b))
  return (
    <>
      <Field label={words.rotate.grace}>
        <Select value={seconds} onChange={(event) => change(event.target.value)}>
          {options.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      {seconds === '0' && <Notice tone="warn">{words.rotate.atOnce}</Notice>}
    </>
  )
}
