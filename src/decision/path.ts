// Stage 2: the path. What is accepted goes on byte for byte.

import { denyPath } from '../config/request/path-fault.ts'
import { judgeTarget } from './request/target.ts'
import type { Denial } from '../errors/denial.ts'
import type { Inquiry } from './inquiry.ts'

/** Refuses targets that are not a plain path, and paths that are ambiguous (contract 5.2). */
export function judgePath(inquiry: Inquiry): Denial | undefined {
  const judged = judgeTarget(inquiry.target, inquiry.table.escapes)
  inquiry.path = judged.path
  return judged.ok ? undefined : denyPath({ reason: judged.fault, at: judged.at })
}
