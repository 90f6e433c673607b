// Where bytes of the log leave the process, without the event loop ever waiting for whoever is there.
//
// Only a file is given to libuv's threads: it takes its bytes as soon as the disk does. A thread that writes to a pipe
// which nobody reads would stand there for good, be missing to everybody else, and keep the process from ending: libuv
// waits for its threads. So whatever may stand still is written to from here, by a descriptor that never waits.

import { closeSync, constants, fstatSync, mkdirSync, openSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** The error, or null, and how many bytes were taken. */
export type Written = (error: unknown, bytes: number) => void

export interface Device {
  /** Whether it is a file: takes each write as one, and is there when the process has ended. */
  readonly isFile: boolean
  /** Calls back in the same call where it can, which it does for all that is no file. */
  write(bytes: Uint8Array, done: Written): void
  /** Returns how many bytes were taken; throws what the system says, `EAGAIN` where nothing can be taken now. */
  writeSync(bytes: Uint8Array): number
}

/** The process's standard output. */
export function standardOutput(): Device {
  return fstatSync(1).isFile() ? file(1) : neverWaiting(ownDescriptor())
}

/** A file by its name, which may come to be another file. */
export interface NamedDevice extends Device {
  /** Goes on with the file that has the name now; made where there is none. Throws what the system says, and stays as it was then. */
  reopen(): void
}

/** A file that is written to at its end; made, with its folders, where it is not there. Throws what the system says. */
export function appendTo(path: string): NamedDevice {
  let fd = openToAppend(path)
  /** What a thread writes to now. */
  let writingTo: number | undefined
  return {
    isFile: true,
    write(bytes, done) {
      const to = fd
      writingTo = to
      write(to, bytes, (error, taken) => {
        writingTo = undefined
        if (to !== fd) closeSync(to)
        done(error, taken)
      })
    },
    writeSync: (bytes) => writeSync(fd, bytes),
    reopen() {
      const next = openToAppend(path)
      const before = fd
      fd = next
      // Closed under a thread that writes, its number could be another file's by then.
      if (before !== writingTo) closeSync(before)
    },
  }
}

function openToAppend(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  return openSync(path, 'a')
}

/**
 * Standard output a second time, and never waiting. O_NONBLOCK belongs to what was opened, not to the descriptor: set on
 * the one that was inherited, it would be set for every program that has the same pipe or terminal.
 */
function ownDescriptor(): number {
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    // A socket (systemd's journal), a pipe of another user's, a system without /proc. Node's own stream for standard
    // output does the same to what was inherited, and undoes it at the end of the process.
    void process.stdout
    return 1
  }
}

function file(fd: number): Device {
  return {
    isFile: true,
    write: (bytes, done) => write(fd, bytes, done),
    writeSync: (bytes) => writeSync(fd, bytes),
  }
}

function neverWaiting(fd: number): Device {
  return {
    isFile: false,
    write(bytes, done) {
      let taken: number
      try {
        taken = writeSync(fd, bytes)
      } catch (error) {
        return done(error, 0)
      }
      done(null, taken)
    },
    writeSync: (bytes) => writeSync(fd, bytes),
  }
}
