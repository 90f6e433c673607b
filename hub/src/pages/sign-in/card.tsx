import { type ReactNode, useEffect } from 'react'
import { Mark } from '../../shell/navigation.tsx'
import { words } from '../../words.ts'

/** The frame of what is seen without a session. */
export function Card({ title, about, children }: { title: string; about?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · ${words.product}`
  }, [title])
  return (
    <main className="flex min-h-dvh flex-col items-center bg-[radial-gradient(ellipse_90%_60%_at_50%_-10%,var(--accent-soft),transparent)] px-4 pt-[max(32px,12vh)] pb-10">
      <div className="w-full max-w-[400px]">
        <div className="mb-6 flex justify-center">
          <Mark />
        </div>
        <div className="card flex flex-col gap-5 p-6 shadow-float">
          <div>
            <h1 className="text-[20px] font-semibold tracking-[-0.01em] break-words">{title}</h1>
            {about !== undefined && <p className="mt-1 text-sm break-words text-ink-2">{about}</p>}
          </div>
          {children}
        </div>
      </div>
    </main>
  )
}
