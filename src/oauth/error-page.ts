// What people see whose request to authorize cannot be led back to the program that made it. It loads nothing of oidc-provider,
// which an installation without tokens never does.

import type { KoaContextWithOIDC } from 'oidc-provider'

const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const unavailableText = 'the server cannot do this at the moment'

/** After which what failed for a while may be tried again. */
export const retryAfterSeconds = 1

/** What is told of it: as OAuth names it, and in words. */
interface Told {
  readonly error: string
  readonly error_description?: string | undefined
}

/** Of what a request says nothing stands in the page but the words of the server. */
export function errorPage(
  context: Pick<KoaContextWithOIDC, 'status' | 'set' | 'type' | 'body'>,
  told: Told,
): void {
  context.set('content-security-policy', policy)
  context.type = 'html'
  context.body = pageOf(told, context.status)
}

/** The answer where the server itself cannot be asked: a page for whoever wants one, else as RFC 6749 §5.2 has it. */
export function unavailableAnswer(isPage: boolean) {
  const told = { error: 'temporarily_unavailable', error_description: unavailableText }
  const headers = { 'cache-control': 'no-store', 'retry-after': String(retryAfterSeconds) }
  return isPage
    ? {
        headers: {
          ...headers,
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': policy,
        },
        body: pageOf(told, 503),
      }
    : {
        headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(told),
      }
}

function pageOf({ error, error_description: description }: Told, status: number): string {
  const isForAWhile = status >= 500
  const title = isForAWhile ? 'This cannot be done at the moment' : 'This request cannot be taken'
  const next = isForAWhile
    ? 'Nothing was allowed. Load this page again in a moment; or go back to the program that sent you here, and begin again.'
    : 'Nothing was allowed. Go back to the program that sent you here, and begin again.'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<main>
<h1>${title}</h1>
<p>${escaped(description ?? error)} (${escaped(error)})</p>
<p>${next}</p>
</main>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
