import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { MemberRole, OperatorRole, Page } from './types.ts'

export interface Member {
  readonly id: string
  readonly email: string
  readonly role: MemberRole
  readonly status: 'active' | 'disabled'
  readonly signed_in_at: string | null
}

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: MemberRole
  readonly created_by: string | null
  readonly expires_at: string
  /** null: it was sent, or is none. */
  readonly mail: 'queued' | 'failing' | null
}

export interface OneTimeLink {
  readonly link: { readonly url: string; readonly expires_at: string } | null
}

export interface Operator {
  readonly id: string
  readonly email: string
  readonly role: OperatorRole
  readonly status: 'invited' | 'active' | 'disabled'
  readonly signed_in_at: string | null
}

const merchantPath = (id: string, rest: string): string =>
  `admin/v1/merchants/${encodeURIComponent(id)}/${rest}`

export function memberList(merchantId: string) {
  return queryOptions({
    queryKey: ['members', merchantId],
    queryFn: ({ signal }) => call<Page<Member>>('GET', merchantPath(merchantId, 'members'), { signal }),
  })
}

export function invitationList(merchantId: string) {
  return queryOptions({
    queryKey: ['invitations', merchantId],
    queryFn: ({ signal }) =>
      call<Page<Invitation>>('GET', merchantPath(merchantId, 'invitations'), { signal }),
  })
}

export function invite(
  merchantId: string,
  email: string,
  role: MemberRole,
): Promise<Invitation & OneTimeLink> {
  return call('POST', merchantPath(merchantId, 'invitations'), { body: { email, role } })
}

export function withdraw(merchantId: string, invitation: string): Promise<unknown> {
  return call('DELETE', merchantPath(merchantId, `invitations/${encodeURIComponent(invitation)}`))
}

export function changeMember(merchantId: string, person: string, role: MemberRole): Promise<unknown> {
  return call('PATCH', merchantPath(merchantId, `members/${encodeURIComponent(person)}`), { body: { role } })
}

export function removeMember(merchantId: string, person: string): Promise<unknown> {
  return call('DELETE', merchantPath(merchantId, `members/${encodeURIComponent(person)}`))
}

export const operatorList = queryOptions({
  queryKey: ['operators'],
  queryFn: ({ signal }) =>
    call<Page<Operator>>('GET', 'admin/v1/operators', { query: { limit: 200 }, signal }),
})

export function addOperator(email: string, role: OperatorRole): Promise<Operator & OneTimeLink> {
  return call('POST', 'admin/v1/operators', { body: { email, role } })
}

export function changeOperator(
  id: string,
  verb: 'disable' | 'enable' | 'link',
): Promise<Operator & Partial<OneTimeLink>> {
  return call('POST', `admin/v1/operators/${encodeURIComponent(id)}/${verb}`, { body: {} })
}
