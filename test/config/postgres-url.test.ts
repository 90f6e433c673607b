import t from 'tap'
import { postgresFiles, postgresUrlForDriver, whyNoPostgresUrl } from '../../src/config/postgres-url.ts'

const at = 'postgres://ann:hunter2@h/d'

t.test('what is only known to libpq is said, and nothing of the URL', async (t) => {
  for (const [query, says] of [
    ['?service=main', /service files/],
    ['?sslmode=require&servicefile=/x', /service files/],
    ['?passfile=/x', /DATABASE_URL_FILE/],
  ] as const) {
    t.match(whyNoPostgresUrl(at + query), says)
    t.notMatch(whyNoPostgresUrl(at + query), /hunter2|ann/)
  }
  t.equal(whyNoPostgresUrl(at), undefined)
  t.equal(whyNoPostgresUrl(`${at}?application_name=service`), undefined)
})

t.test('modes that are checked in full are called so; others, and their files, stay', async (t) => {
  for (const mode of ['prefer', 'require', 'verify-ca']) {
    t.equal(
      postgresUrlForDriver(`${at}?sslmode=${mode}&sslrootcert=/a`),
      `${at}?sslmode=verify-full&sslrootcert=/a`,
    )
  }
  for (const same of [at, `${at}?sslmode=disable`, `${at}?sslmode=no-verify`, `${at}?sslmode=verify-full`]) {
    t.equal(postgresUrlForDriver(same), same)
  }
  const asLibpq = `${at}?uselibpqcompat=true&sslmode=require`
  t.equal(postgresUrlForDriver(asLibpq), asLibpq)
  t.same(postgresFiles(`${at}?sslkey=%2Fk&sslrootcert=/a&sslcert=`), [
    ['sslrootcert', '/a'],
    ['sslkey', '/k'],
  ])
})
