// How much a key or a merchant may ask for.

import { figure } from './say.ts'

export const limits = {
  title: 'Limits',
  about: (name: string) =>
    `Of ${name}. They count in place of what the file says, everywhere within a second.`,
  planTitle: 'Plan and limits',
  plan: 'Plan',
  noPlan: 'No plan',
  rate: (name: string) => `Rate: ${name}`,
  usual: (rate: string) => `Such as 100/s, 5000/min, 1000/h or 20000/d. Empty: what the file says, ${rate}.`,
  usualOfPlan: 'Such as 100/s, 5000/min, 1000/h or 20000/d. Empty: what the plan or the file says.',
  form: 'A number, a slash, and s, min, h or d',
  inFlight: 'Most requests under way at once',
  inFlightHint: 'Empty: any number.',
  none: 'The file has no rate limit that could be another one here.',
  failed: 'The limits were not changed',
  noneInForce: 'The file has no limit, and none was said here.',
  columns: { name: 'What', rate: 'At most', source: 'Said by' },
  rateOf: (api: string, name: string, per: string) => `${api}: ${name}, each ${per}`,
  quotaOf: (api: string, name: string, per: string) => `${api}: quota ${name}, each ${per}`,
  aMonth: (requests: number) => `${figure(requests)} a month`,
  ofKey: 'this key',
  ofMerchant: 'the merchant',
  ofFile: 'the file',
  ofPlan: (plan: string) => `the plan ${plan}`,
  change: 'Change',
  use: {
    title: 'Quotas this month',
    about: 'Requests that were let through, some seconds old.',
    resets: 'They begin anew',
    failed: 'What was used of quotas could not be read',
    empty: 'No request has counted to a quota this month.',
    name: (api: string, quota: string, environment: string) => `${api}: ${quota}, ${environment}`,
    per: { merchant: 'all keys of the merchant', key: 'this key' },
    used: (used: number, requests: number) => `${figure(used)} of ${figure(requests)}`,
    percent: (percent: number) => `${figure(percent)} % used`,
    near: 'Nearly used up',
    over: 'Used up: requests are refused',
    warned: (steps: string) => `Told at ${steps} %`,
  },
}
