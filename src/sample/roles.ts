// The four APIs that the sample upstream can stand for, as the shipped configuration names them.

import type { Routes } from './answer.ts'
import { documentsRoutes } from './documents.ts'
import { paymentsRoutes } from './payments.ts'

/** Their routes, whether their answers say `"livemode": true`, and their usual port. */
export const roles = {
  payments: { routes: paymentsRoutes, isLive: true, port: 9101 },
  'payments-sandbox': { routes: paymentsRoutes, isLive: false, port: 9102 },
  documents: { routes: documentsRoutes, isLive: true, port: 9103 },
  'documents-sandbox': { routes: documentsRoutes, isLive: false, port: 9104 },
} as const satisfies Record<string, { routes: Routes; isLive: boolean; port: number }>

export type Role = keyof typeof roles

/** Whether a text names one of them. */
export function isRole(name: string): name is Role {
  return Object.hasOwn(roles, name)
}
