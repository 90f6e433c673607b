// The sections of docs/contract.md, and where texts name them.

/** Numbers of the headings: `## 5. …`, `### 5.6 …`. */
export function sectionsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map(([, section = '']) => section)
}

/** The numbers behind each "contract": `contract 5.6`, `Contract 5.1 to 5.7`, `contract 5.9 and 6`. */
export function namedSections(text: string): string[] {
  const oneLine = text.replace(/\n\s*(?:\/\/|\*) ?/g, ' ')
  const lists = oneLine.matchAll(/\bcontract (\d+(?:\.\d+)?(?:(?:, | and | to )\d+(?:\.\d+)?)*)/gi)
  return [...lists].flatMap(([, list = '']) => list.split(/, | and | to /))
}
