// `latchkey merchants …`: the tenants that keys belong to.

import type { Command } from 'commander'
import { type MerchantAction, merchantActions } from '../../credentials/lifecycle.ts'
import { pathPart } from '../admin/admin-call.ts'
import { checked, MerchantObject } from '../admin/admin-objects.ts'
import { merchantText, statusCell } from './merchant-text.ts'
import { registerMerchantUpdate } from './merchant-update.ts'
import {
  addChange,
  addVerb,
  type ChangeFlags,
  type OutputFlags,
  type Session,
  shortTime,
  show,
  showChange,
  showRows,
} from '../session.ts'
import type { Cell } from '../table.ts'

export function registerMerchants(program: Command, session: Session): void {
  const group = program
    .command('merchants')
    .description('make, list, show, change, suspend and resume merchants')
    .addHelpText('after', '\nExample:\n  $ latchkey merchants list')
  registerCreate(group, session)
  registerList(group, session)
  registerShow(group, session)
  registerRename(group, session)
  registerMerchantUpdate(group, session)
  registerAction(group, session, {
    action: 'suspend',
    about: 'refuse all keys of a merchant until it is resumed',
  })
  registerAction(group, session, { action: 'resume', about: 'accept the keys of a suspended merchant again' })
}

function registerCreate(group: Command, session: Session): void {
  addChange(group, {
    name: 'create',
    about: 'make a merchant',
    example: "latchkey merchants create --name 'Acme Ltd'",
  })
    .requiredOption('--name <name>', 'name, for people')
    .action(async (flags: ChangeFlags & { readonly name: string }) => {
      const { name, reason } = flags
      const answer = await session
        .connect()
        .call({ doing: 'create the merchant', method: 'POST', path: '/merchants', body: { name }, reason })
      const render = (isColoured: boolean) => merchantText(checked(MerchantObject, answer), isColoured)
      showChange(session, flags, { answer, render })
    })
}

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'list',
    about: 'list all merchants, newest first',
    example: 'latchkey merchants list',
  }).action(async (flags: OutputFlags) => {
    const answer = await session.connect().list({ doing: 'list merchants', path: '/merchants' })
    const header = ['ID', 'NAME', 'STATUS', 'CREATED']
    showRows(session, flags, { answer, header, rowOf: (one) => merchantRow(checked(MerchantObject, one)) })
  })
}

function registerShow(group: Command, session: Session): void {
  addVerb(group, {
    name: 'show',
    about: 'show one merchant',
    example: 'latchkey merchants show mer_01K8ZX3V9Q',
  })
    .argument('<id>', 'merchant, mer_…')
    .action(async (id: string, flags: OutputFlags) => {
      const path = `/merchants/${pathPart(id)}`
      const answer = await session.connect().call({ doing: `show merchant ${id}`, method: 'GET', path })
      const render = (isColoured: boolean) => merchantText(checked(MerchantObject, answer), isColoured)
      show(session, flags, { answer, render })
    })
}

function registerRename(group: Command, session: Session): void {
  addChange(group, {
    name: 'rename',
    about: 'give a merchant another name',
    example: "latchkey merchants rename mer_01K8ZX3V9Q --name 'Acme GmbH'",
  })
    .argument('<id>', 'merchant, mer_…')
    .requiredOption('--name <name>', 'new name, for people')
    .action(async (id: string, flags: ChangeFlags & { readonly name: string }) => {
      const path = `/merchants/${pathPart(id)}`
      const { name, reason } = flags
      const call = { doing: `rename merchant ${id}`, method: 'PATCH', path, body: { name }, reason } as const
      const answer = await session.connect().call(call)
      const render = (isColoured: boolean) => merchantText(checked(MerchantObject, answer), isColoured)
      showChange(session, flags, { answer, render })
    })
}

function registerAction(
  group: Command,
  session: Session,
  verb: { readonly action: MerchantAction; readonly about: string },
): void {
  const { action, about } = verb
  addChange(group, { name: action, about, example: `latchkey merchants ${action} mer_01K8ZX3V9Q` })
    .argument('<id>', 'merchant, mer_…')
    .action(async (id: string, flags: ChangeFlags) => {
      const path = `/merchants/${pathPart(id)}/${action}`
      const doing = `${action} merchant ${id}`
      const answer = await session.connect().call({ doing, method: 'POST', path, reason: flags.reason })
      const render = () => `Merchant ${id} is ${merchantActions[action]}.\n`
      showChange(session, flags, { answer, render })
    })
}

function merchantRow(merchant: MerchantObject): Cell[] {
  return [merchant.id, merchant.name, statusCell(merchant.status), shortTime(merchant.created_at)]
}
