// E-mail addresses by which people are known: one spelling for each, as it is compared and kept.

const atom = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const shape = new RegExp(`^(?=.{1,254}$)(?=[^@]{1,64}@)${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`)

/**
 * The address in lower case; undefined: it is none that is taken. Of RFC 5321's mailboxes those without quotes, comments and
 * address literals, and in ASCII: two addresses that look the same are the same. Case is nobody's mark, whatever §2.4 allows.
 */
export function readEmail(text: string): string | undefined {
  const address = text.toLowerCase()
  // What a longer alphabet has as a small letter is no ASCII before either.
  return /^[\x21-\x7e]+$/.test(text) && shape.test(address) ? address : undefined
}
