/** What others have typed, in a mail: in quotes that it cannot end, on one line. */
export function quoted(text: string | null): string {
  return `“${(text ?? '').replace(/["“”]/g, "'").replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')}”`
}
