// What a hint is made of: the request as it came, and where the table has led with it.

import type { Inquiry } from '../inquiry.ts'

export type Shown = Pick<
  Inquiry,
  | ('method' | 'target' | 'fields' | 'head' | 'table' | 'host' | 'route' | 'isPreflight')
  | ('isDpop' | 'isSecure' | 'isPeerTrusted' | 'path' | 'environment')
>
