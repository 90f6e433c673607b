// What every connection is told before its first statement: how times and text are written. A role or a database may
// have set it otherwise (`ALTER ROLE … SET DateStyle`). Poolers that lend connections for a transaction at a time follow
// just these settings. What is read does not rest on them, as they may get lost all the same: times leave the database
// as milliseconds.

/** Of one connection; the encoding of text the driver asks for by itself (UTF8). */
export const sessionSettings =
  "SET DateStyle TO 'ISO, MDY'; SET TimeZone TO 'UTC'; SET standard_conforming_strings TO on"

/** A column of times as whole milliseconds since the epoch, whatever the session says of dates; null stays null. */
export function milliseconds(column: string): string {
  return `floor(extract(epoch FROM ${column}) * 1000)::bigint`
}
