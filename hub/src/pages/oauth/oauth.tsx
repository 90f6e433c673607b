import { Empty } from '../../ui/states.tsx'
import { PageHead } from '../../ui/page.tsx'
import { words } from '../../words.ts'

export function OAuth() {
  return (
    <>
      <PageHead title={words.oauth.title} about={words.oauth.about} />
      <div className="card">
        <Empty icon="app" title={words.oauth.emptyTitle}>
          {words.oauth.empty}
        </Empty>
      </div>
    </>
  )
}
