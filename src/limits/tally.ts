// What one process knows of one merchant or key in one month.

export interface TallyOf {
  readonly subject: string
  readonly api: string
  readonly environment: string
  readonly monthMs: number
}

/** A class: there is one for each that is busy. */
export class Tally {
  readonly subject: string
  readonly api: string
  readonly environment: string
  /** First millisecond of the month. */
  readonly monthMs: number
  /** Where it is found. */
  readonly book: Map<string, Tally>
  /** Of all processes, as it was last heard; what this one had told by then is among it. */
  stored = 0
  /** Monotonic milliseconds of when it was asked for; never, at first. */
  heardAt = Number.NEGATIVE_INFINITY
  /** Let through and not told; told, and not heard of yet. */
  pending = 0
  told = 0
  /** Its quota when it last asked; 0: it has not. */
  most = 0
  /** Name of that quota, and what is told of it. */
  name = ''
  policy = ''
  partition = ''
  usedAt = Number.NEGATIVE_INFINITY

  constructor({ subject, api, environment, monthMs }: TallyOf, book: Map<string, Tally>) {
    this.subject = subject
    this.api = api
    this.environment = environment
    this.monthMs = monthMs
    this.book = book
  }

  get used(): number {
    return this.stored + this.told + this.pending
  }

  /** All is stored, and something left. */
  get isIdle(): boolean {
    return this.pending === 0 && this.told === 0 && this.stored < this.most
  }
}
