// `latchkey merchants …`: the tenants that keys belong to.

import type { Command } from 'commander'
import { type MerchantAction, merchantActions } from '../credentials/lifecycle.ts'
import { pathPart } from './admin-call.ts'
import { checked, MerchantObject } from './admin-objects.ts'
import { addVerb, type OutputFlags, type Session, shortTime, show, showChange } from './session.ts'
import { type Cell, renderFields, renderTable } from './table.ts'

export function registerMerchants(program: Command, session: Session): void {
  const group = program
    .command('merchants')
    .description('make, list, suspend and resume merchants')
    .addHelpText('after', '\nExample:\n  $ latchkey merchants list')
  registerCreate(group, session)
  registerList(group, session)
  registerAction(group, session, {
    action: 'suspend',
    about: 'refuse all keys of a merchant until it is resumed',
  })
  registerAction(group, session, { action: 'resume', about: 'accept the keys of a suspended merchant again' })
}

function registerCreate(group: Command, session: Session): void {
  addVerb(group, {
    name: 'create',
    about: 'make a merchant',
    example: "latchkey merchants create --name 'Acme Ltd'",
  })
    .requiredOption('--name <name>', 'name, for people')
    .action(async (flags: OutputFlags & { readonly name: string }) => {
      const body = { name: flags.name }
      const answer = await session
        .connect()
        .call({ doing: 'create the merchant', method: 'POST', path: '/merchants', body })
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
    const render = (isColoured: boolean) => {
      const rows = answer.data.map((one) => merchantRow(checked(MerchantObject, one)))
      return renderTable(['ID', 'NAME', 'STATUS', 'CREATED'], rows, isColoured)
    }
    show(session, flags, { answer, render })
  })
}

function registerAction(
  group: Command,
  session: Session,
  verb: { readonly action: MerchantAction; readonly about: string },
): void {
  const { action, about } = verb
  addVerb(group, { name: action, about, example: `latchkey merchants ${action} mer_01K8ZX3V9Q` })
    .argument('<id>', 'merchant, mer_…')
    .action(async (id: string, flags: OutputFlags) => {
      const path = `/merchants/${pathPart(id)}/${action}`
      const answer = await session.connect().call({ doing: `${action} merchant ${id}`, method: 'POST', path })
      const render = () => `Merchant ${id} is ${merchantActions[action]}.\n`
      showChange(session, flags, { answer, render })
    })
}

function merchantText(merchant: MerchantObject, isColoured: boolean): string {
  return renderFields(
    [
      ['id', merchant.id],
      ['name', merchant.name],
      ['status', statusCell(merchant.status)],
      ['created', shortTime(merchant.created_at)],
    ],
    isColoured,
  )
}

function merchantRow(merchant: MerchantObject): Cell[] {
  return [merchant.id, merchant.name, statusCell(merchant.status), shortTime(merchant.created_at)]
}

function statusCell(status: string): Cell {
  return { text: status, colour: status === 'active' ? 'green' : 'yellow' }
}
