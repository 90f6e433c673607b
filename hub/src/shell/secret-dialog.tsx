import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy.tsx'
import { Dialog, DialogActions } from '../ui/dialog.tsx'
import { Notice } from '../ui/states.tsx'
import { words } from '../words.ts'
import { useForget, useGuard } from './keep-secret.ts'

interface SecretProps {
  readonly secret: string | null
  readonly text: {
    readonly secretTitle: string
    readonly secretAbout: string
    readonly lostTitle: string
    readonly lost: string
  }
  readonly close: () => void
}

/** Shown once, as that of a key; null: it was told before, in an answer that did not arrive. */
export function SecretDialog({ secret, text, close }: SecretProps) {
  useGuard(secret !== null)
  useForget(close)
  if (secret === null)
    return (
      <Dialog title={text.lostTitle} onClose={close}>
        <Notice tone="warn">{text.lost}</Notice>
        <DialogActions>
          <Button kind="primary" onClick={close}>
            {words.common.done}
          </Button>
        </DialogActions>
      </Dialog>
    )
  return (
    <Dialog title={text.secretTitle} about={text.secretAbout} onClose={() => undefined}>
      <output
        aria-label={words.secret.label}
        data-secret=""
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
