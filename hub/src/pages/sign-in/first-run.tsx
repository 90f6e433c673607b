import { Button } from '../../ui/button.tsx'
import { CopyLine } from '../../ui/copy.tsx'
import { words } from '../../words.ts'
import { Card } from './card.tsx'

/** Where nobody of the platform has an account: the one thing to do, with a line to copy. */
export function FirstRun({ skip }: { skip: () => void }) {
  return (
    <Card title={words.signIn.firstTitle} about={words.signIn.firstAbout}>
      <CopyLine text={words.signIn.firstLine} label={words.signIn.firstTitle} />
      <Button onClick={() => location.reload()}>{words.signIn.firstDone}</Button>
      <Button kind="quiet" onClick={skip}>
        {words.signIn.firstSkip}
      </Button>
    </Card>
  )
}
