import { useForget, useGuard } from '../../shell/keep-secret.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/states.tsx'
import { words } from '../../words.ts'

/** Shown once, as that of a key; null: it was told before, in an answer that did not arrive. */
export function SigningSecret({ secret, close }: { secret: string | null; close: () => void }) {
  useGuard(secret !== null)
  useForget(close)
  if (secret === null)
    return (
      <Dialog title={words.webhooks.lostTitle} onClose={close}>
        <Notice tone="warn">{words.webhooks.lost}</Notice>
        <DialogActions>
          <Button kind="primary" onClick={close}>
            {words.common.done}
          </Button>
        </DialogActions>
      </Dialog>
    )
  return (
    <Dialog title={words.webhooks.secretTitle} about={words.webhooks.secretAbout} onClose={() => undefined}>
      <output
        aria-label={words.secret.label}
        className="block rounded-lg border-2 border-accent bg-accent-soft px-4 py-3 font-mono text-[13px] break-all select-all"
      >
        {secret}
      </output>
      <DialogActions>
        <CopyButton text={secret} label={words.secret.copy} />
        <Button kind="primary" onClick={close}>
          {words.secret.stored}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
