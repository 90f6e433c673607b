// Every way in which the control plane says no ends here, in the one shape of errors/reply.ts: a thrown denial,
// a body or query that its schema refuses, a database that is away, an unknown path, bytes that are no HTTP.

import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { DenialError, deny, type Denial, type FieldFault } from '../errors/denial.ts'
import { renderError } from '../errors/reply.ts'
import { OutcomeUnknownError, StatementError, StoreUnavailableError } from '../store/postgres-errors.ts'
import { explainFailure } from '../store/refusals.ts'

/** A request that cannot be taken as it is, for one reason. */
export function invalid(path: string, message: string): DenialError {
  return new DenialError(deny('VALIDATION_FAILED', 'invalid_field', { details: [{ path, message }] }))
}

/** Fastify's error handler: maps what was thrown, logs what nobody foresaw, answers. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const denial = denialOf(error, request)
  if (
    error instanceof StoreUnavailableError ||
    (error instanceof DenialError && error.cause instanceof Error)
  ) {
    const reason = explainFailure(error instanceof DenialError ? error.cause : error)
    request.log.warn(
      { reason, code: denial.code, request_id: request.id },
      'the database failed an admin request',
    )
  }
  if (denial.code === 'INTERNAL_ERROR')
    request.log.error({ err: error, request_id: request.id }, 'admin request failed')
  return sendDenial(denial, request, reply)
}

/** Fastify's handler of unknown paths. */
export function refuseUnknownPath(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendDenial(deny('NOT_FOUND', 'unknown_path'), request, reply)
}

/** Answers with an error and leaves its reason for the request's log line. */
export function sendDenial(denial: Denial, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.denial = denial
  const rendered = renderError(denial, { requestId: request.id, accept: request.headers.accept })
  void reply.code(rendered.status)
  for (const [name, value] of pairs(rendered.headers)) void reply.header(name, value)
  const { retryAfterSeconds } = denial
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds)
  // RFC 9110 §11.6.1: a 401 names a scheme.
  if (denial.code === 'UNAUTHORIZED') void reply.header('www-authenticate', 'Bearer realm="latchkey-admin"')
  return reply.send(rendered.body)
}

/** Node's `clientError`: no request came of these bytes, so the answer is written to the socket. */
export function refuseBytes(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const rendered = renderError(parserDenial(error.code), { requestId })
  const lines = pairs(rendered.headers).map(([name, value]) => `${name}: ${value}`)
  socket.end(
    [`HTTP/1.1 ${rendered.status} Refused`, ...lines, 'Connection: close', '', rendered.body].join('\r\n'),
  )
}

function parserDenial(code: string | undefined): Denial {
  if (code === 'HPE_HEADER_OVERFLOW') return deny('HEADERS_TOO_LARGE', 'header_overflow')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return deny('REQUEST_TIMEOUT', 'slow_head')
  return deny('BAD_REQUEST', 'parser')
}

/** What would tell of an object whether it was changed, and whether asking again does no harm. */
function whatToAsk(request: FastifyRequest): string {
  if (request.url.startsWith('/hub/v1/'))
    return 'signing in with the new password tells whether it was; if not, send it again'
  if (/^\/admin\/v1\/tokens(?:\?|$)/.test(request.url))
    return 'GET /admin/v1/tokens tells whether it was; its secret is shown to nobody any more, with the same Idempotency-Key either: revoke that one first, and make another'
  const [, path] =
    /^\/admin\/v1(\/(?:keys|merchants)\/[a-z]{3}_[0-9A-Za-z]{10,40})(?:[/?]|$)/.exec(request.url) ?? []
  const asked = path === undefined ? 'GET /admin/v1/audit' : `GET /admin/v1${path}`
  return `${asked} tells whether it was; the same request with the same Idempotency-Key may be sent again`
}

function denialOf(error: unknown, request: FastifyRequest): Denial {
  if (error instanceof DenialError) return error.denial
  if (error instanceof OutcomeUnknownError) {
    const details = [{ path: '', message: whatToAsk(request) }]
    return deny('OUTCOME_UNKNOWN', 'postgres_outcome', { details })
  }
  // The server lives and has said so: a question that took too long, and others are answered.
  if (request.method === 'GET' && error instanceof StoreUnavailableError && error.code === '57014')
    return deny('QUERY_TOO_SLOW', 'postgres_slow')
  if (error instanceof StoreUnavailableError) return deny('STORE_UNAVAILABLE', 'postgres')
  // Names and other text that the encoding of the database has no characters for.
  if (error instanceof StatementError && error.code === '22P05') {
    return invalid('', "holds a character that the database's encoding cannot hold (server_encoding)").denial
  }
  if (!isFastifyError(error)) return deny('INTERNAL_ERROR', 'unforeseen')
  if (error.validation) {
    const part = error.validationContext ?? 'body'
    return deny('VALIDATION_FAILED', 'schema', {
      details: error.validation.slice(0, mostDetails).map((fault) => fieldFault(fault, part)),
    })
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return deny('BODY_TOO_LARGE', 'body_limit')
  if (error.code === 'FST_ERR_BAD_URL') return deny('INVALID_PATH', 'escape')
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return invalid('Content-Type', 'must be application/json').denial
  }
  if (error.code.startsWith('FST_ERR_CTP_')) return invalid('', 'must be valid JSON').denial
  const isClientFault = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
  return isClientFault ? deny('BAD_REQUEST', 'framework') : deny('INTERNAL_ERROR', 'unforeseen')
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

const maxPathLength = 128
/** A body can have a fault for every two bytes of it; nobody reads more than these. */
const mostDetails = 100

/** A JSON pointer into the body (RFC 6901), or the bare name of a query parameter. */
export function fieldFault(fault: FastifySchemaValidationError, part: string): FieldFault {
  const { missingProperty, additionalProperty, allowedValues } = fault.params
  const child = [missingProperty, additionalProperty].find((name) => typeof name === 'string')
  const pointer = child === undefined ? fault.instancePath : `${fault.instancePath}/${escapePointer(child)}`
  const path = part === 'body' ? pointer : pointer.slice(1)
  return { path: path.slice(0, maxPathLength), message: messageOf(fault, child !== undefined, allowedValues) }
}

function messageOf(fault: FastifySchemaValidationError, isChild: boolean, allowed: unknown): string {
  if (isChild) return fault.keyword === 'required' ? 'is required' : 'is not known'
  if (Array.isArray(allowed)) return `must be one of ${allowed.join(', ')}`
  return fault.message ?? 'is not valid'
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? ([[name, flat[index + 1] ?? '']] as const) : []))
}
