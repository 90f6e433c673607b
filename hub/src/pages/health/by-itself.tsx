import { useQuery } from '@tanstack/react-query'
import { readiness } from '../../api/instances.ts'
import { Notice } from '../../ui/states.tsx'
import { healthWords } from '../../words/health.ts'
import { worriesOf } from './worries.ts'

/** What the instance that answers tells everybody (`/readyz`), in words. */
export function ByItself() {
  const { data } = useQuery(readiness)
  if (data === undefined) return null
  const worries = worriesOf(data)
  return (
    <section aria-label={healthWords.health.fromHere}>
      <p className="mb-2 text-[13px] text-ink-3">{healthWords.health.fromHere}</p>
      <ul className="flex flex-col gap-2">
        {worries.length === 0 && <li className="text-sm">{healthWords.health.allWell}</li>}
        {worries.map(({ tone, text, detail }) => (
          <li key={text}>
            <Notice tone={tone}>
              {text}
              {detail && <code className="mt-1 block text-xs break-words whitespace-pre-wrap">{detail}</code>}
            </Notice>
          </li>
        ))}
      </ul>
    </section>
  )
}
