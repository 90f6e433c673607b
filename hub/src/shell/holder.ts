/** The page of whoever a request was made with: a key, or of an access token its client. */
export function holderPath(id: string): string {
  return id.startsWith('cli_') ? `/developers/oauth/${id}` : `/developers/keys/${id}`
}
