// What went wrong with a call, as the pages tell it.

export interface FieldFault {
  readonly path: string
  readonly message: string
}

export class ApiFault extends Error {
  /** 0: no answer came. */
  readonly status: number
  readonly code: string
  readonly requestId: string | null
  readonly details: readonly FieldFault[]
  /** Whether a change may have been made though nobody said so. */
  readonly isUnsure: boolean

  constructor(known: Pick<ApiFault, 'status' | 'code' | 'message' | 'requestId' | 'details' | 'isUnsure'>) {
    super(known.message)
    this.status = known.status
    this.code = known.code
    this.requestId = known.requestId
    this.details = known.details
    this.isUnsure = known.isUnsure
  }
}

/** What is said of one field, if anything. */
export function faultOf(fault: unknown, path: string): string | undefined {
  if (!(fault instanceof ApiFault)) return undefined
  return fault.details.find((one) => one.path === path || one.path.startsWith(`${path}/`))?.message
}
