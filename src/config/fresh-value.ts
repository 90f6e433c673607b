// A value for parameters that stands for any: it is no literal, and of no parameter with literals around it but by chance of
// none that a table has.

const candidates = 'xzqjkvwyubmghcdfnlprstoaei0123456789_~-'

/** A character that none of the texts has, whatever its case; undefined: they have all. */
export function freshCharacter(texts: Iterable<string>): string | undefined {
  const used = new Set<string>()
  for (const text of texts) for (const character of text.toLowerCase()) used.add(character)
  return Array.from(candidates).find((character) => !used.has(character))
}

/** Unlikely enough to be a literal of a table. */
const length = 12

/** A value for the parameters of templates such as these. */
export function freshValue(templates: Iterable<string>): string {
  const texts: string[] = []
  for (const template of templates)
    for (const part of template.split('/'))
      if (part.includes('{')) texts.push(part.replace(/\{[^{}]*\}/g, ''))
  return (freshCharacter(texts) ?? '~').repeat(length)
}

/** The template with a value in its parameters. */
export function fillTemplate(template: string, value: string): string {
  return template.replace(/\{[^{}]*\}/g, value)
}
