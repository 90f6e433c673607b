// Stage 2: the path. What is accepted goes on byte for byte.

import { denyPath } from '../config/request/path-fault.ts'
import { judgeTarget } from '../config/request/target.ts'
import type { Denial } from '../errors/denial.ts'
import type { Access } from './access.ts'

/** Refuses targets that are not a plain path, and paths that are ambiguous (contract 5.2). */
export function judgePath(access: Access): Denial | undefined {
  const judged = judgeTarget(access.target, access.table.escapes)
  access.path = judged.path
  return judged.ok ? undefined : denyPath({ reason: judged.fault, at: judged.at })
}
