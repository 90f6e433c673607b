// Records in the form in which hundreds of thousands fit in memory: text and lists that many of them have in common are
// kept once. Readings from Postgres or Redis bring their own copy of each word.

import type { CallerLimits } from '../credentials/caller-limits.ts'
import type { CredentialRecord } from '../credentials/record.ts'

/** Words and lists that are remembered; beyond that all are forgotten, and records made later share anew. */
const rememberedWords = 10_000

/** Returns a function that gives an equal record: its permissions are the same array as those of all that hold the same. */
export function createCompactor(): (record: CredentialRecord) => CredentialRecord {
  const words = new Map<string, string>()
  const lists = new Map<string, readonly string[]>()
  const allLimits = new Map<string, CallerLimits>()

  function word<Word extends string>(text: Word): Word {
    // Equal text is of the same type.
    return remembered(words, text, () => text) as Word
  }

  return (record) => {
    const { permissions, limits, token } = record
    // Each by name: all records then have one shape, wherever they come from.
    return {
      kind: record.kind,
      keyId: token === null ? record.keyId : word(record.keyId),
      secretId: record.secretId,
      merchantId: word(record.merchantId),
      api: word(record.api),
      environment: word(record.environment),
      status: word(record.status),
      merchantStatus: word(record.merchantStatus),
      // No text in Postgres can have this separator in it.
      permissions: remembered(lists, permissions.join('\0'), () => permissions.map(word)),
      expiresAtMs: record.expiresAtMs,
      secretExpiresAtMs: record.secretExpiresAtMs,
      limits: limits && remembered(allLimits, JSON.stringify(limits), () => limits),
      token: token && {
        id: token.id,
        userId: token.userId,
        grantId: token.grantId,
        jkt: token.jkt,
      },
      revision: record.revision,
    }
  }
}

function remembered<Value>(known: Map<string, Value>, name: string, make: () => Value): Value {
  const before = known.get(name)
  if (before !== undefined) return before
  if (known.size >= rememberedWords) known.clear()
  const made = make()
  known.set(name, made)
  return made
}
