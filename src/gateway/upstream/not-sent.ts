/** It was not sent, as too many others were waiting, or as it waited for too long. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
  readonly reason: 'queue_full' | 'queue_timeout'

  constructor(reason: NotSent['reason']) {
    super('no connection was free')
    this.reason = reason
  }
}
