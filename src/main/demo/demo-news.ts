// What of the log a person who tries the demo is told at once: that an edit is in force, or why it is not.

const told: Readonly<Record<string, string>> = {
  'Configuration in force': 'your edit is in force',
  'The configuration on disk is not in force': 'your edit is not in force, what was before goes on:',
  'These settings take effect after a restart': 'these settings take effect after a restart:',
  'Deny list in force': 'the deny list is in force',
  'The deny file on disk is not in force; the list stays as it was':
    'the deny file is not in force, the list before stays:',
}

/** Lines for the terminal; none where the log's own line is enough. */
export function newsOf(fields: unknown, message: string): readonly string[] {
  const words = Object.hasOwn(told, message) ? told[message] : undefined
  if (words === undefined) return []
  const { faults, settings, table }: { faults?: unknown; settings?: unknown; table?: unknown } =
    Object(fields)
  const details = [faults, settings].flatMap((one) => (Array.isArray(one) ? one.map(String) : []))
  const id = typeof table === 'string' && faults === undefined ? ` (table ${table.slice(0, 8)})` : ''
  return [`${words}${id}`, ...details.map((line) => `  ${line}`)]
}
