// Calls of /hub/v1 as a page makes them.

import type { Subject } from '../../subject.ts'

export type Headers = Readonly<Record<string, string>>

export async function send(
  subject: Subject,
  what: string,
  { headers = {}, body }: { readonly headers?: Headers; readonly body?: unknown } = {},
) {
  const [method = '', url = ''] = what.split(' ')
  const response = await subject.app.inject({
    method: method as 'GET',
    url: url.startsWith('/admin') ? url : `/hub/v1${url}`,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  const isJson = String(response.headers['content-type']).includes('json')
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson ? response.json<Record<string, unknown>>() : {},
  }
}
