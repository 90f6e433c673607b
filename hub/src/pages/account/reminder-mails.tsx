import { useQuery, useQueryClient } from '@tanstack/react-query'
import { reminderMails, setReminderMails } from '../../api/reminder-mails.ts'
import { Check } from '../../ui/field.tsx'
import { Section } from '../../ui/page.tsx'
import { FaultNotice } from '../../ui/states.tsx'
import { useAction } from '../../ui/use-action.ts'
import { accountWords } from '../../words/account.ts'

const text = accountWords.account.reminders

/** For whoever is an admin of a merchant: nobody else gets such mails. */
export function ReminderMails() {
  const found = useQuery(reminderMails)
  const client = useQueryClient()
  const set = useAction(setReminderMails, (now) => client.setQueryData(reminderMails.queryKey, now))
  return (
    <Section title={text.title} about={text.about}>
      {found.isError && (
        <FaultNotice fault={found.error} what={text.loadFailed} again={() => void found.refetch()} />
      )}
      {set.fault !== null && <FaultNotice fault={set.fault} what={text.failed} />}
      {found.data !== undefined && (
        <div className="card p-4">
          <Check
            label={text.label}
            checked={found.data.mail}
            disabled={set.isRunning}
            onChange={({ target }) => set.run(target.checked)}
          />
        </div>
      )}
    </Section>
  )
}
