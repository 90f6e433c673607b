// GET /openapi.json: what the admin API takes and answers, as it is registered.

import { Type } from 'typebox'
import type { ControlApp } from '../dependencies.ts'
import { type DocumentedRoute, openApiDocument } from './document.ts'

/**
 * Serves the document of the routes that are registered after this call, its own included. It needs no token, as it
 * says nothing of this installation.
 */
export function serveOpenApi(app: ControlApp, publicUrl: string | null): void {
  const routes: DocumentedRoute[] = []
  app.addHook('onRoute', ({ method, url, schema, config }) => {
    for (const one of [method].flat()) {
      // HEAD goes with GET.
      if (one !== 'HEAD') routes.push({ method: one, url, schema, doc: config?.doc })
    }
  })
  let text: string | undefined
  app.get('/openapi.json', { config: { doc } }, (_request, reply) => {
    text ??= JSON.stringify(openApiDocument(routes, publicUrl))
    return reply.type('application/json').send(text)
  })
}

const doc = {
  summary: 'This document',
  status: 200,
  answer: Type.Object({ openapi: Type.String(), paths: Type.Object({}) }),
}
