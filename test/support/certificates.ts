// Certificates made for a test, by openssl: of an authority of its own, for any names and any time.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Made {
  readonly certFile: string
  readonly keyFile: string
}

export interface Authority {
  readonly caFile: string
  /** A certificate with its key. Days from now, which may have passed; 90 unless said. */
  make(name: string, options?: MakeOptions): Made
}

export interface MakeOptions {
  /** Host names and `IP:` addresses; localhost and 127.0.0.1 unless said. */
  readonly names?: readonly string[]
  readonly fromDays?: number
  readonly toDays?: number
  readonly key?: 'ec' | 'rsa'
  /** Signed by itself. */
  readonly isSelfSigned?: boolean
}

interface Teardown {
  teardown(fn: () => void): unknown
}

const settings = (folder: string) => `[ca]
default_ca = own
[own]
database = ${folder}/index
new_certs_dir = ${folder}
private_key = ${folder}/ca.key
certificate = ${folder}/ca.pem
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
`

/** Makes one in a folder of its own; removed with the test. */
export function makeAuthority(t: Teardown): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-certificates-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string) => join(folder, name)
  writeFileSync(path('index'), '')
  writeFileSync(path('settings'), settings(folder))
  const openssl = (...words: string[]) => void execFileSync('openssl', words, { stdio: 'pipe' })
  const subject = ['-subj', '/CN=Authority of a test']
  openssl(
    'req',
    '-x509',
    ...newKey('ec'),
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
    '-days',
    '400',
    ...subject,
  )

  return {
    caFile: path('ca.pem'),
    make(name, options = {}) {
      const { names = ['localhost', 'IP:127.0.0.1'], fromDays = -1, toDays = 90 } = options
      const keyFile = path(`${name}.key`)
      const certFile = path(`${name}.pem`)
      const request = path(`${name}.csr`)
      const asked = ['-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request]
      openssl('req', '-new', ...newKey(options.key ?? 'ec'), ...asked)
      const list = names.map((one) => (one.startsWith('IP:') ? one : `DNS:${one}`)).join(',')
      writeFileSync(path(`${name}.ext`), `subjectAltName = ${list}\n`)
      const time = ['-startdate', stamp(fromDays), '-enddate', stamp(toDays)]
      const by = options.isSelfSigned ? ['-selfsign', '-keyfile', keyFile] : []
      const made = ['-extfile', path(`${name}.ext`), '-notext', '-in', request, '-out', certFile]
      openssl('ca', '-batch', '-config', path('settings'), ...by, ...time, ...made)
      return { certFile, keyFile }
    },
  }
}

function newKey(kind: 'ec' | 'rsa'): string[] {
  return kind === 'ec'
    ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    : ['-newkey', 'rsa:2048', '-nodes']
}

/** `YYYYMMDDHHMMSSZ`, and some minutes beside the day, so that a test does not stand on its edge. */
function stamp(days: number): string {
  const at = new Date(Date.now() + days * 86_400_000 + 1_800_000)
  return `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
}
