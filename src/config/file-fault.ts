// Why a file cannot be read or written, in words: people see them, whatever the file is. What stands behind its name in a sentence.

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read (permission denied)',
  EPERM: 'may not be read (permission denied)',
  EISDIR: 'is not a regular file',
  ELOOP: 'is a loop of symbolic links',
  ENAMETOOLONG: 'has a name that is too long',
  ERR_INVALID_ARG_VALUE: 'has a name that is not valid',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
}

const unwritable: Readonly<Record<string, string>> = {
  ENOENT: 'cannot be written: its folder does not exist',
  ENOTDIR: 'cannot be written: its folder does not exist',
  EISDIR: 'is a folder',
  EACCES: 'cannot be written: permission denied',
  EPERM: 'cannot be written: permission denied',
  EROFS: 'cannot be written: the file system is read-only',
  ENOSPC: 'cannot be written: the disk is full',
}

/** Why reading it failed. */
export function whyUnreadable(error: unknown): string {
  const code = codeOf(error)
  return unreadable[code] ?? `cannot be read (${code})`
}

/** Why writing it failed. */
export function whyUnwritable(error: unknown): string {
  const code = codeOf(error)
  return unwritable[code] ?? `cannot be written (${code})`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
