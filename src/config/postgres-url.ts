// What a postgres:// URL may say that is libpq's and not the driver's: said clearly, or put into the driver's words.

/** Why a URL cannot be used, without repeating any of it; undefined: nothing is known against it. */
export function whyNoPostgresUrl(text: string): string | undefined {
  const [, query = ''] = text.split('?', 2)
  const search = new URLSearchParams(query)
  if (search.has('service') || search.has('servicefile')) {
    return "service files are libpq's: write host, user and database into the URL"
  }
  if (search.has('passfile')) return 'password files are not read: see DATABASE_URL_FILE'
  return undefined
}

/** The modes that the driver takes for verify-full, and warns of at length. */
const checked = ['prefer', 'require', 'verify-ca']

/** The URL as the driver is to have it: the same, in words that it says nothing about. */
export function postgresUrlForDriver(url: string): string {
  return url.replace(/([?&]sslmode=)([^&]*)/, (all, name: string, mode: string) =>
    checked.includes(mode) && !/[?&]uselibpqcompat=/.test(url) ? `${name}verify-full` : all,
  )
}

/** The files that a URL names, each with its parameter. */
export function postgresFiles(url: string): readonly (readonly [name: string, file: string])[] {
  const search = new URLSearchParams(url.split('?', 2)[1] ?? '')
  return ['sslrootcert', 'sslcert', 'sslkey'].flatMap((name) => {
    const file = search.get(name)
    return file === null || file === '' ? [] : [[name, file] as const]
  })
}
