import { useState } from 'react'
import { endTotp, offerTotp, renewRecovery, type Security, type TotpOffer } from '../../api/security.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { words } from '../../words.ts'
import { accountWords } from '../../words/account.ts'
import { ConfirmTotp, RecoveryCodes } from './confirm-totp.tsx'
import { Proven, useAgain } from './proven.tsx'

const text = accountWords.security

export function Totp({ totp }: { totp: Security['totp'] }) {
  const again = useAgain()
  const [asked, setAsked] = useState<'on' | 'off' | 'renew' | null>(null)
  const [offer, setOffer] = useState<TotpOffer | null>(null)
  const [renewed, setRenewed] = useState<readonly string[] | null>(null)
  const close = (): void => setAsked(null)
  return (
    <div className="flex flex-wrap items-center justify-between gap-2 px-4 py-3 text-[13px]">
      <div>
        <h3 className="font-medium">{text.totp}</h3>
        <p className="text-ink-3">{totp.enabled ? text.totpOn(totp.recovery_codes_left) : text.totpOff}</p>
      </div>
      {totp.enabled && <Badge tone="good">{words.webhooks.status['enabled']}</Badge>}
      {totp.enabled && (
        <Button isSmall onClick={() => setAsked('renew')}>
          {text.renew}
        </Button>
      )}
      <Button isSmall onClick={() => setAsked(totp.enabled ? 'off' : 'on')}>
        {totp.enabled ? text.turnOff : text.setUp}
      </Button>
      {asked === 'on' && (
        <Proven
          title={text.setUpTitle}
          submit={text.setUp}
          working={words.link.working}
          failed={text.setUpFailed}
          act={(proof) => offerTotp(proof)}
          done={(made) => {
            close()
            setOffer(made)
          }}
          close={close}
        />
      )}
      {asked === 'renew' && (
        <Proven
          title={text.renew}
          submit={text.renew}
          working={words.link.working}
          failed={text.changeFailed}
          act={renewRecovery}
          done={(made) => {
            close()
            again()
            setRenewed(made.recovery_codes)
          }}
          close={close}
        >
          <p className="text-sm text-ink-2">{text.renewAbout}</p>
        </Proven>
      )}
      {renewed !== null && <RecoveryCodes codes={renewed} close={() => setRenewed(null)} />}
      {asked === 'off' && (
        <Proven
          title={text.turnOff}
          submit={text.turnOff}
          working={words.common.saving}
          failed={text.changeFailed}
          act={(proof) => endTotp(proof)}
          done={() => {
            close()
            again()
          }}
          close={close}
        />
      )}
      {offer !== null && (
        <ConfirmTotp
          offer={offer}
          close={() => {
            setOffer(null)
            again()
          }}
        />
      )}
    </div>
  )
}
