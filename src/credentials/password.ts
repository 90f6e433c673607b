// What may be a password: long rather than strange (NIST SP 800-63B §3.1.1.2).

/** In characters, of the normal form. */
export const passwordLength = { least: 12, most: 256 } as const

/** The form that is hashed and compared: the same word is written in several ways by different keyboards. */
export function normalPassword(text: string): string {
  return text.normalize('NFC')
}

/** What is wrong with a new password for an account, to go on with "must …"; undefined: nothing. Repeats nothing of it. */
export function whyNoPassword(text: string, email: string): string | undefined {
  const characters = Array.from(normalPassword(text))
  const { least, most } = passwordLength
  if (characters.length < least) return `must have at least ${least} characters`
  if (characters.length > most) return `must not have more than ${most} characters`
  if (/\p{Cs}/u.test(text)) return 'must be text'
  if (new Set(characters).size < 4) return 'must have at least four different characters'
  const lower = text.toLowerCase()
  const [name = ''] = email.split('@')
  if (lower === email || (name.length >= least && lower === name)) return 'must not be the e-mail address'
  if (isSequence(lower)) return 'must not be a sequence such as 1234 or abcd'
  return undefined
}

/** Each character follows on the one before, up or down. */
function isSequence(text: string): boolean {
  const steps = new Set<number>()
  for (let i = 1; i < text.length; i++) steps.add(text.charCodeAt(i) - text.charCodeAt(i - 1))
  return steps.size === 1
}
