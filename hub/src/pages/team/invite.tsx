import { useQueryClient } from '@tanstack/react-query'
import { invite } from '../../api/team.ts'
import { words } from '../../words.ts'
import { PersonDialog } from './person-dialog.tsx'

const roles = ['viewer', 'admin'] as const

export function InviteDialog({ merchantId, close }: { merchantId: string; close: () => void }) {
  const client = useQueryClient()
  return (
    <PersonDialog
      title={words.team.inviteTitle}
      about={words.team.inviteAbout}
      submit={words.team.invite}
      working={words.team.sending}
      failed={words.team.inviteFailed}
      purpose="invitation"
      role="viewer"
      columns=""
      roles={roles.map((value) => ({
        value,
        label: words.shell.role[value],
        note: words.team.roleNote[value],
      }))}
      act={(email, role) => invite(merchantId, email, role)}
      done={() => void client.invalidateQueries({ queryKey: ['invitations', merchantId] })}
      close={close}
    />
  )
}
