import { useQuery } from '@tanstack/react-query'
import { security } from '../../api/security.ts'
import { Section } from '../../ui/page.tsx'
import { accountWords } from '../../words/account.ts'
import { Passkeys } from './passkeys.tsx'
import { Totp } from './totp.tsx'

/** Nothing where the server has no other ways than passwords. */
export function SecuritySection() {
  const { data } = useQuery(security)
  if (data === undefined) return null
  return (
    <Section title={accountWords.security.title} about={accountWords.security.about}>
      <div className="card divide-y">
        <Passkeys passkeys={data.passkeys} />
        <Totp totp={data.totp} />
      </div>
    </Section>
  )
}
