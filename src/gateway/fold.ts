// Header names as careless readers see them. CGI, PHP, WSGI and others fold `_`, `.` and more into one name, so
// `X_Merchant_Id` may be read as `X-Merchant-Id`: names are compared lower-case with every non-alphanumeric as `-`.

/** The folded form of a header name. */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}
