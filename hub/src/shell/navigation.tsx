import { useUser } from '../api/session.ts'
import type { OperatorRole } from '../api/types.ts'
import { Link, usePath } from '../router.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { words } from '../words.ts'
import { MerchantSwitcher } from './merchant.tsx'
import { Person } from './person.tsx'

interface Entry {
  readonly to: string
  readonly label: string
  readonly icon: IconName
  /** Roles that the server lets look; without it all of them. */
  readonly roles?: readonly OperatorRole[]
}

const developers: readonly Entry[] = [
  { to: '/developers', label: words.shell.keys, icon: 'key' },
  { to: '/developers/activity', label: words.shell.activity, icon: 'activity' },
  { to: '/developers/requests', label: words.shell.requests, icon: 'search' },
  { to: '/developers/webhooks', label: words.shell.webhooks, icon: 'webhook' },
  { to: '/developers/oauth', label: words.shell.oauth, icon: 'app' },
  { to: '/docs/permissions', label: words.shell.permissions, icon: 'shield' },
  { to: '/docs/errors', label: words.shell.docs, icon: 'book' },
]
const organisation: readonly Entry[] = [
  { to: '/team', label: words.shell.team, icon: 'team' },
  { to: '/account', label: words.shell.account, icon: 'account' },
]
const platform: readonly Entry[] = [
  { to: '/operator/merchants', label: words.shell.merchants, icon: 'store' },
  { to: '/operator/operators', label: words.shell.operators, icon: 'account', roles: ['admin', 'auditor'] },
  {
    to: '/operator/audit',
    label: words.shell.audit,
    icon: 'audit',
    roles: ['admin', 'support', 'auditor'],
  },
  { to: '/operator/health', label: words.shell.health, icon: 'health' },
  { to: '/operator/instances', label: words.shell.instances, icon: 'instances' },
  { to: '/operator/routes', label: words.shell.routes, icon: 'routes' },
  { to: '/operator/deny', label: words.shell.deny, icon: 'stop' },
]

export function Navigation({ close }: { close?: () => void }) {
  const user = useUser()
  return (
    <div className="flex h-full flex-col gap-4 overflow-y-auto p-3">
      <Mark />
      <MerchantSwitcher />
      <nav aria-label={words.shell.navigation} className="flex flex-col gap-4">
        <Group label={words.shell.developers} entries={developers} close={close} />
        <Group label={words.shell.organisation} entries={organisation} close={close} />
        {user.kind === 'operator' && (
          <Group
            label={words.shell.operator}
            entries={platform.filter(({ roles }) => roles?.includes(user.role ?? 'admin') ?? true)}
            close={close}
          />
        )}
      </nav>
      <div className="mt-auto pt-2">
        <Person />
      </div>
    </div>
  )
}

export function Mark() {
  return (
    <div className="flex h-9 items-center gap-2.5 px-1.5">
      <span
        aria-hidden="true"
        className="flex size-7 items-center justify-center rounded-lg bg-accent text-white shadow-rest"
      >
        <Icon name="key" size={16} />
      </span>
      <span className="text-[15px] font-semibold tracking-[-0.01em] text-ink">{words.product}</span>
    </div>
  )
}

interface GroupProps {
  readonly label: string
  readonly entries: readonly Entry[]
  readonly close: (() => void) | undefined
}

function Group({ label, entries, close }: GroupProps) {
  const path = usePath()
  const best = entries
    .map(({ to }) => to)
    .filter((to) => path === to || path.startsWith(`${to}/`))
    .toSorted((a, b) => b.length - a.length)[0]
  return (
    <div>
      <p className="px-2 pb-1 text-xs font-medium text-ink-3">{label}</p>
      <ul className="flex flex-col gap-px">
        {entries.map(({ to, label: name, icon }) => (
          <li key={to}>
            <Link
              to={to}
              aria-current={to === best ? 'page' : undefined}
              onClick={() => close?.()}
              className={`flex h-8 items-center gap-2.5 rounded-lg px-2 text-[13px] font-medium transition-colors duration-150 ${
                to === best ? 'bg-accent-soft text-accent-ink' : 'text-ink-2 hover:bg-hover hover:text-ink'
              }`}
            >
              <Icon name={icon} className={to === best ? '' : 'text-ink-3'} />
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}
