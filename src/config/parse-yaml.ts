// YAML text → the library's document. Bounded before the library composes it: its composer calls itself for each
// level, and a file that is deep enough ends the process (not even as an exception), and some marks cost it an error
// each.

import { Composer, type Document, Lexer, LineCounter, type ParsedNode, Parser } from 'yaml'
import type { Place, Report } from './fault.ts'
import type { SourceText } from './source.ts'

export interface ParsedYaml {
  readonly contents: ParsedNode
  /** The place of a character, counted from the text's begin. */
  readonly placeOf: (offset: number) => Place
  /** The document as plain values. Throws ReferenceError where its aliases would make too much of it. */
  readonly toJs: () => unknown
}

const deepestStack = 150
/** Well over what ten thousand routes with all their options have; the library takes some 10 µs for each. */
const mostLexemes = 600_000
const mostAliases = 10_000
const mostSyntaxFaults = 20

/** The one document in a file, or undefined after its faults went to the report. */
export function parseYaml(source: SourceText, report: Report, lexemes = mostLexemes): ParsedYaml | undefined {
  const start = { file: source.file, line: 1, column: 1 }
  const lines = new LineCounter()
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file: source.file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const [document, second] = compose(source.text, lines, lexemes) ?? []
  if (!document) {
    report.fault(start, 'the file is nested too deeply or too complex to be a configuration')
    return undefined
  }
  const problems = [...document.errors, ...document.warnings]
  for (const problem of problems.slice(0, mostSyntaxFaults)) {
    report.fault(placeOf(problem.pos[0]), `not valid YAML: ${problem.message}`)
  }
  if (second) report.fault(placeOf(second.range[0]), 'not valid YAML: the file holds more than one document')
  else if (document.contents === null) report.fault(start, 'the file is empty')
  if (problems.length > 0 || second || document.contents === null) return undefined
  return { contents: document.contents, placeOf, toJs: () => document.toJS({ maxAliasCount: mostAliases }) }
}

type ParsedDocument = Document.Parsed

/** All documents; undefined: too deep or too many marks. */
function compose(text: string, lines: LineCounter, most: number): ParsedDocument[] | undefined {
  // Each fault is an Error, whose stack costs ten times what the rest of it does.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return composeAll(text, lines, most)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function composeAll(text: string, lines: LineCounter, most: number): ParsedDocument[] | undefined {
  // `uniqueKeys` of the library compares each key with each other: duplicates are found in tree.ts instead.
  // The schema is fixed, so that a %YAML 1.1 directive cannot turn `off` into false.
  const composer = new Composer({ uniqueKeys: false, schema: 'core' })
  const documents: ParsedDocument[] = []
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token))
    lexemes++
    if (lexemes > most || parser.stack.length > deepestStack) return undefined
  }
  for (const token of parser.end()) documents.push(...composer.next(token))
  documents.push(...composer.end(true, text.length))
  return documents
}
