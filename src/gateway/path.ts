// Stage 2: the path. What is accepted goes on byte for byte.

import { judgeTarget } from '../config/request/target.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Access } from './access.ts'

/** Refuses targets that are not a plain path, and paths that are ambiguous (contract 5.2). */
export function judgePath(access: Access): Denial | undefined {
  const judged = judgeTarget(access.target)
  access.path = judged.path
  return judged.ok ? undefined : deny('INVALID_PATH', judged.fault)
}
