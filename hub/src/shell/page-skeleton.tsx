import { Skeleton, SkeletonRows } from '../ui/states.tsx'

/** A page that is on its way, of about its size. */
export function PageSkeleton() {
  return (
    <div>
      <div className="mb-6">
        <Skeleton className="mt-2 h-5 w-40" />
        <Skeleton className="mt-3 h-3.5 w-80 max-w-full" />
      </div>
      <div className="card overflow-hidden">
        <SkeletonRows />
      </div>
    </div>
  )
}
