import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ClientWithSecret } from '../../api/clients.ts'
import { permissionTable } from '../../api/permissions.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { navigate, withKept } from '../../router.tsx'
import { SecretDialog } from '../../shell/secret-dialog.tsx'
import { PageSkeleton } from '../../shell/page-skeleton.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { PageHead } from '../../ui/page.tsx'
import { Empty, FaultNotice, Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'
import { oauthWords } from '../../words/oauth.ts'
import { BackToApplications } from './client.tsx'
import { ClientForm } from './client-form.tsx'

const text = oauthWords.client

export function NewClient() {
  const user = useUser()
  const merchantId = useMerchantId()
  const table = useQuery(permissionTable)
  const [made, setMade] = useState<ClientWithSecret | null>(null)
  const apis = table.data?.data.filter(({ takes_tokens: takes }) => takes === true)
  const toIt = (one: ClientWithSecret): void => {
    setMade(null)
    // Once the guard of the secret is gone.
    setTimeout(() => navigate(withKept(`/developers/oauth/${one.client_id}`), { replace: true }))
  }
  const finish = (one: ClientWithSecret): void =>
    one.auth_method === 'client_secret' ? setMade(one) : toIt(one)
  return (
    <div className="max-w-[760px]">
      <PageHead title={text.createTitle} about={text.createAbout} above={<BackToApplications />} />
      {!mayChange(user, merchantId) ? (
        <Notice tone="info" title={text.onlyAdmins}>
          {words.keys.viewer}
        </Notice>
      ) : table.data === undefined ? (
        table.isError ? (
          <FaultNotice fault={table.error} what={text.createFailed} again={() => void table.refetch()} />
        ) : (
          <PageSkeleton />
        )
      ) : apis === undefined || apis.length === 0 ? (
        <div className="card">
          <Empty icon="app" title={text.noApiTitle}>
            {text.noApi}
          </Empty>
        </div>
      ) : (
        <ClientForm apis={apis} made={finish} />
      )}
      {made !== null && <SecretDialog secret={made.client_secret} text={text} close={() => toIt(made)} />}
    </div>
  )
}
