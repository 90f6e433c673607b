import { Link } from '../router.tsx'
import { buttonClass } from '../ui/button.tsx'
import { PageHead } from '../ui/page.tsx'
import { words } from '../words.ts'

export function NotThere() {
  return (
    <>
      <PageHead title={words.common.notThere} about={words.common.notThereAbout} />
      <Link to="/developers" className={buttonClass('plain')}>
        {words.common.toKeys}
      </Link>
    </>
  )
}
