// Where the authorization server is, below the public URL, and where people grant.

export const oauthPath = '/oauth'

/** The page of the hub. */
export function consentPath(interactionId: string): string {
  return `/authorize/${interactionId}`
}

/** What the page asks. */
export function interactionPath(interactionId: string): string {
  return `/hub/v1/oauth/interactions/${interactionId}`
}
