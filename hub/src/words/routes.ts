// The permission table.

import { counted, figure } from './say.ts'

export const routes = {
  title: 'Permission table',
  about: 'Which permission each route asks for, as it is in force.',
  search: 'Search routes and permissions',
  columns: { route: 'Route', need: 'Needs', calls: 'Last 30 days', source: 'Where' },
  called: (count: number) => `${figure(count)} called in the last 30 days`,
  notCalled: 'not called',
  explain: 'Explain a request',
  explainAbout: 'What the gateway would do with it, and by which line of which table. Nothing is sent.',
  explainFailed: 'This cannot be explained',
  method: 'Method',
  url: 'URL or path',
  holder: 'Key or permissions',
  holderHint: 'key_…, or names with commas; empty: no key',
  ask: 'Explain',
  allowed: 'Forwarded',
  upstream: 'Upstream and path',
  public: 'Public',
  any: 'any of',
  all: 'all of',
  failed: 'The table could not be loaded',
  empty: 'No route fits',
  counts: (routes: number, open: number) => `${counted(routes, 'route', 'routes')}, ${figure(open)} public`,
}
