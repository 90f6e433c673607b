// What people see whose request to authorize cannot be led back to the program that made it.

import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'

const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Of what a request says nothing stands in the page but the words of the server. */
export function errorPage(context: KoaContextWithOIDC, out: ErrorOut): void {
  const title = context.status >= 500 ? 'This cannot be done at the moment' : 'This request cannot be taken'
  const about = escaped(out.error_description ?? out.error)
  context.set('content-security-policy', policy)
  context.type = 'html'
  context.body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<main>
<h1>${title}</h1>
<p>${about} (${escaped(out.error)})</p>
<p>Nothing was allowed. Go back to the program that sent you here, and begin again.</p>
</main>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
