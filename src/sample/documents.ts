// The sample documents API: answers on every route of config/permissions/flint.yaml. Keeps nothing; an object's figures
// follow from its id alone.

import {
  created,
  type Handler,
  idFrom,
  idOf,
  list,
  numberFrom,
  ok,
  type Routes,
  textIn,
  timeFrom,
} from './answer.ts'

const exampleDocuments = ['doc_3001', 'doc_3002']
const exampleTemplates = ['tpl_invoice', 'tpl_contract']
const exampleWebhooks = ['wh_4001']

const listDocuments: Handler = () => list(exampleDocuments.map((id) => document(id)))

/** The routes of the sample documents API. */
export const documentsRoutes: Routes = {
  'GET /documents': listDocuments,
  'POST /documents': ({ json, bodyBytes }) =>
    created(document(idFrom('doc', String(bodyBytes)), json, bodyBytes)),
  'POST /documents/search': listDocuments,
  'GET /documents/{id}': ({ params }) => ok(document(idOf(params))),
  'PUT /documents/{id}': ({ params, json, bodyBytes }) => ok(document(idOf(params), json, bodyBytes)),
  'PATCH /documents/{id}': ({ params, json }) => ok(document(idOf(params), json)),
  'DELETE /documents/{id}': deleted('document'),
  'GET /documents/{id}/content': ({ params }) =>
    ok({
      id: idOf(params),
      object: 'document_content',
      media_type: 'text/plain',
      text: `The text of ${idOf(params)}.`,
    }),
  'PUT /documents/{id}/content': ({ params, bodyBytes }) => ok(document(idOf(params), {}, bodyBytes)),
  'GET /documents/{id}/versions': ({ params }) =>
    list(['1', '2'].map((number) => version(idOf(params), number))),
  'GET /documents/{id}/versions/{version}': ({ params }) =>
    ok(version(idOf(params), params['version'] ?? '')),
  'POST /documents/{id}/versions/{version}/restore': ({ params }) =>
    ok({ ...document(idOf(params)), restored_from: params['version'] }),

  'GET /documents/{id}/shares': ({ params }) => list([share(idOf(params), 'colleague@example.com')]),
  'POST /documents/{id}/shares': ({ params, json }) =>
    created(share(idOf(params), textIn(json, 'email') ?? 'colleague@example.com')),
  'DELETE /documents/{id}/shares/{share_id}': ({ params }) =>
    ok({ id: params['share_id'], object: 'share', document: idOf(params), deleted: true }),

  'GET /templates': () => list(exampleTemplates.map((id) => template(id))),
  'POST /templates': ({ json }) => created(template(idFrom('tpl', JSON.stringify(json)), json)),
  'GET /templates/{id}': ({ params }) => ok(template(idOf(params))),
  'PUT /templates/{id}': ({ params, json }) => ok(template(idOf(params), json)),
  'DELETE /templates/{id}': deleted('template'),
  'POST /templates/{id}/documents': ({ params, json }) =>
    created({ ...document(idFrom('doc', idOf(params)), json), template: idOf(params) }),

  'GET /files/{path...}': ({ params }) =>
    ok({
      object: 'file',
      path: params['path'] ?? '',
      size_bytes: numberFrom(params['path'] ?? '', [900, 90_000]),
    }),

  'GET /webhooks': () => list(exampleWebhooks.map((id) => webhook(id))),
  'POST /webhooks': ({ json }) => created(webhook(idFrom('wh', JSON.stringify(json)), json)),
  'GET /webhooks/{id}': ({ params }) => ok(webhook(idOf(params))),
  'PATCH /webhooks/{id}': ({ params, json }) => ok(webhook(idOf(params), json)),
  'DELETE /webhooks/{id}': deleted('webhook'),
}

type Json = Record<string, unknown>

function deleted(object: 'document' | 'template' | 'webhook'): Handler {
  return ({ params }) => ok({ id: idOf(params), object, deleted: true })
}

function document(id: string, json: Json = {}, bodyBytes?: number): Json {
  return {
    id,
    object: 'document',
    title: textIn(json, 'title') ?? `Document ${id.replace('doc_', '')}`,
    size_bytes: bodyBytes ?? numberFrom(id, [900, 90_000]),
    version: 2,
    created_at: timeFrom(id),
  }
}

function version(id: string, number: string): Json {
  return { object: 'document_version', document: id, version: number, created_at: timeFrom(id + number) }
}

function share(id: string, email: string): Json {
  return { id: idFrom('shr', id + email), object: 'share', document: id, email, access: 'read' }
}

function template(id: string, json: Json = {}): Json {
  return {
    id,
    object: 'template',
    name: textIn(json, 'name') ?? id.replace('tpl_', ''),
    created_at: timeFrom(id),
  }
}

function webhook(id: string, json: Json = {}): Json {
  const url = textIn(json, 'url') ?? 'https://example.com/hooks'
  return { id, object: 'webhook', url, events: ['document.created'], status: 'enabled' }
}
