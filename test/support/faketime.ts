// A process whose clock is off, while its machine's is right: libfaketime in front of the C library.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder, unpackPackage } from './apt-package.ts'

const places = ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].map((triplet) =>
  join('usr', 'lib', triplet, 'faketime', 'libfaketimeMT.so.1'),
)

/** The environment of such a process; negative: its clock is behind. Throws where the library cannot be had. */
export async function fakeClock(offsetSeconds: number): Promise<NodeJS.ProcessEnv> {
  const library = findIn('/') ?? findIn(packageFolder('faketime')) ?? (await unpacked())
  return {
    LD_PRELOAD: library,
    FAKETIME: `${offsetSeconds > 0 ? '+' : ''}${offsetSeconds}`,
    // Time that passes is what it is.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
}

async function unpacked(): Promise<string> {
  const folder = packageFolder('faketime')
  try {
    await unpackPackage('libfaketime', folder)
  } catch (error) {
    throw new Error('No libfaketime: install it (apt-get install libfaketime)', { cause: error })
  }
  const library = findIn(folder)
  if (library === undefined) throw new Error('The package libfaketime has no library where it was')
  return library
}

function findIn(folder: string): string | undefined {
  return places.map((place) => join(folder, place)).find((file) => existsSync(file))
}
