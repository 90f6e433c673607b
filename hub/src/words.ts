// Every text of the hub, in one place, ready to be translated: a file for each page under `words/`, of which those of
// account, health and oauth are imported by their pages themselves. Functions where a figure or a
// name stands in a sentence.

import { activity } from './words/activity.ts'
import { audit } from './words/audit.ts'
import { authorize } from './words/authorize.ts'
import { brakes } from './words/brakes.ts'
import { common, environments } from './words/common.ts'
import { deny } from './words/deny.ts'
import { device } from './words/device.ts'
import { docs } from './words/docs.ts'
import { faults } from './words/faults.ts'
import { key } from './words/key.ts'
import { disable, enable, revoke, rotate, edit } from './words/key-changes.ts'
import { keys, reminders } from './words/keys.ts'
import { instances } from './words/instances.ts'
import { latency } from './words/latency.ts'
import { limits } from './words/limits.ts'
import { merchants } from './words/merchants.ts'
import { newKey, secret } from './words/new-key.ts'
import { requests } from './words/requests.ts'
import { routes } from './words/routes.ts'
import { shell } from './words/shell.ts'
import { signIn, link } from './words/sign-in.ts'
import { team, operators } from './words/team.ts'
import { webhooks } from './words/webhooks.ts'

export { figure } from './words/say.ts'

export const words = {
  product: 'Latchkey',
  common,
  environments,
  faults,
  shell,
  signIn,
  link,
  keys,
  newKey,
  secret,
  key,
  brakes,
  disable,
  enable,
  revoke,
  rotate,
  edit,
  device,
  authorize,
  team,
  operators,
  merchants,
  audit,
  instances,
  deny,
  requests,
  activity,
  latency,
  webhooks,
  reminders,
  routes,
  limits,
  docs,
}
