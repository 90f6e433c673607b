// Brakes as data: what the file says of them → what keys are judged by.

import type { BrakeAction } from './brake-schema.ts'
import type { Requirement } from '../credentials/permission.ts'

export interface Brake {
  readonly api: string
  readonly name: string
  readonly permission: string
  /** Routes that ask for it, `METHOD /template`; at least one. */
  readonly routes: readonly string[]
  /** What is usual, so many times, in an hour. */
  readonly times: number
  /** And so many at least. */
  readonly floor: number
  readonly action: BrakeAction
}

interface BrakedRoute {
  readonly method: string
  readonly template: string
  readonly requirement: Requirement
}

interface Said {
  readonly permission: string
  readonly rate: string
  readonly floor: number
  readonly action: BrakeAction
}

/** Those of one API, in the file's order. */
export function brakesOf(
  api: string,
  said: Readonly<Record<string, Said>>,
  routes: readonly BrakedRoute[],
): readonly Brake[] {
  return Object.entries(said).map(([name, { permission, rate, floor, action }]) => ({
    ...{ api, name, permission, floor, action },
    times: Number.parseInt(rate, 10),
    routes: routes
      .filter(({ requirement }) => asksFor(requirement, permission))
      .map(({ method, template }) => `${method} ${template}`),
  }))
}

/** Whether a route asks for a permission, alone or among others. */
export function asksFor(requirement: Requirement, permission: string): boolean {
  return requirement.kind !== 'public' && requirement.permissions.includes(permission)
}
