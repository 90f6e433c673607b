// RateLimit and RateLimit-Policy without the partition key of whoever is counted, which no test chooses.

/** The field as it would be without `pk`; throws where an item that has one is not as RFC 9651 says. */
export function withoutPartitions(field: string | undefined): string | undefined {
  const rest = field?.replaceAll(/;pk=:[A-Za-z0-9+/]{8}:(?=, |$)/g, '')
  if (rest?.includes('pk=') === true) throw new Error(`a partition key is no byte sequence: ${field}`)
  return rest
}
