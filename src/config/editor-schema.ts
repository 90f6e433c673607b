// The schema as editors read it (JSON Schema draft 7): the files in config/*.schema.json are made by this.

import type { TSchema } from 'typebox'
import { DenyFile } from './deny-schema.ts'
import { AnyCaseFile } from './case-schema.ts'
import type { Shape } from './fit.ts'
import { PermissionFile } from './permission-schema.ts'
import { GatewayFile } from './schema.ts'

/** A scalar may be a variable instead, whatever its type will be: `port: ${PORT:-8080}` is text to an editor. */
const variable = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}' }

/** The text of config/gateway.schema.json. */
export function gatewaySchemaText(): string {
  return render(GatewayFile, 'Latchkey: gateway.yaml')
}

/** The text of config/permissions.schema.json. */
export function permissionsSchemaText(): string {
  return render(PermissionFile, 'Latchkey: permission table')
}

/** The text of config/deny.schema.json. */
export function denySchemaText(): string {
  return render(DenyFile, 'Latchkey: deny file')
}

/** The text of config/cases.schema.json. */
export function casesSchemaText(): string {
  return render(AnyCaseFile, 'Latchkey: cases of a permission table')
}

function render(schema: TSchema, title: string): string {
  const head = { $schema: 'http://json-schema.org/draft-07/schema#', title }
  return `${JSON.stringify({ ...head, ...toEditor(schema) }, null, 2)}\n`
}

type Json = Record<string, unknown>

function toEditor(shape: Shape): Json {
  return isClosedScalar(shape) ? orVariable(strip(shape)) : strip(shape)
}

/** Our own keywords go, a key that has a default is not required. */
function strip(shape: Shape): Json {
  const {
    isDuration: _,
    expects: __,
    required,
    properties,
    patternProperties,
    propertyNames,
    ...plain
  } = shape
  const { items, anyOf, ...rest } = plain
  const needed = required?.filter((key) => properties?.[key]?.default === undefined) ?? []
  return {
    ...rest,
    ...(needed.length > 0 && { required: needed }),
    ...(properties && { properties: mapValues(properties) }),
    ...(patternProperties && { additionalProperties: toEditor(Object.values(patternProperties)[0] ?? {}) }),
    ...(propertyNames && { propertyNames: { pattern: propertyNames.pattern } }),
    ...(items && { items: toEditor(items) }),
    ...(anyOf && {
      anyOf: [...anyOf.map((branch) => strip(branch)), ...(anyOf.some(isClosedScalar) ? [variable] : [])],
    }),
  }
}

function mapValues(shapes: Readonly<Record<string, Shape>>): Json {
  return Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, toEditor(shape)]))
}

/** A scalar that a variable's text would not fit as it stands. */
function isClosedScalar(shape: Shape): boolean {
  if (shape.type === 'string') return shape.pattern !== undefined
  return shape.type === 'integer' || shape.type === 'boolean' || shape.enum !== undefined
}

function orVariable({ description, default: value, examples, ...scalar }: Json): Json {
  return {
    ...(description !== undefined && { description }),
    ...(value !== undefined && { default: value }),
    ...(examples !== undefined && { examples }),
    anyOf: [scalar, variable],
  }
}
