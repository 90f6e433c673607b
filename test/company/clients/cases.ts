// What clients ask for, and what is right: for answers of the upstream what they get directly, for refusals what they
// get from nginx when it refuses, with the gateway's own code.

import { isLong } from '../form.ts'
import type { Order } from './client.ts'

export interface AnswerCase {
  readonly name: string
  readonly path: string
  readonly method: Order['method']
  readonly bodyBytes?: number
  readonly isStreamed?: true
  readonly times: number
  readonly pauseMs?: number
  /** `weak` may read only. */
  readonly key: 'full' | 'weak' | 'none'
  /** Of a refusal. */
  readonly refusal?: { readonly status: number; readonly code: string }
  /** The connections that it takes are counted too. */
  readonly isCounted?: true
}

const forbidden = { status: 403, code: 'INSUFFICIENT_PERMISSIONS' }
const mebibyte = 1024 * 1024

/** The gateway ends idle connections so early in these tests, and so does the server that stands for itself. */
export const idleMs = 500

/** Uploads that are refused, and that are not. */
const uploads = isLong ? { refused: 10, taken: 2 } : { refused: 3, taken: 1 }

export const answerCases: readonly AnswerCase[] = [
  { name: 'GET', path: '/v1/files/small.txt', method: 'GET', times: 1, key: 'full' },
  { name: 'no length', path: '/v1/stream', method: 'GET', times: 1, key: 'full' },
  { name: 'an upstream’s 404', path: '/v1/files/missing', method: 'GET', times: 1, key: 'full' },
  { name: 'redirect', path: '/v1/redirect', method: 'GET', times: 1, key: 'full' },
  {
    name: 'ten in a row',
    path: '/v1/files/small.txt',
    method: 'GET',
    times: 10,
    key: 'full',
    isCounted: true,
  },
  {
    name: 'POST 8 MiB',
    path: '/v1/echo',
    method: 'POST',
    bodyBytes: 8 * mebibyte,
    times: uploads.taken,
    key: 'full',
  },
  {
    name: 'POST 8 MiB, no length',
    path: '/v1/echo',
    method: 'POST',
    bodyBytes: 8 * mebibyte,
    isStreamed: true,
    times: uploads.taken,
    key: 'full',
  },
  {
    name: 'idle for longer than the server keeps it',
    path: '/v1/files/small.txt',
    method: 'GET',
    times: 2,
    pauseMs: idleMs * 1.5,
    key: 'full',
  },
  {
    name: 'no key',
    path: '/v1/files/small.txt',
    method: 'GET',
    times: 2,
    key: 'none',
    refusal: { status: 401, code: 'MISSING_API_KEY' },
  },
  {
    name: 'small upload refused',
    path: '/v1/echo',
    method: 'POST',
    bodyBytes: 1024,
    times: 5,
    key: 'weak',
    refusal: forbidden,
  },
  {
    name: 'large upload refused',
    path: '/v1/echo',
    method: 'POST',
    bodyBytes: 8 * mebibyte,
    times: uploads.refused,
    key: 'weak',
    refusal: forbidden,
  },
  {
    name: 'large upload refused, no length',
    path: '/v1/echo',
    method: 'POST',
    bodyBytes: 8 * mebibyte,
    isStreamed: true,
    times: uploads.refused,
    key: 'weak',
    refusal: forbidden,
  },
]
