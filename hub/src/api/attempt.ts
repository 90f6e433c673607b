/** Names one wish, however often it is sent. Not a UUID of the browser's: those are for pages by https alone. */
export function newAttempt(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
