// Signs in one stroke, on a grid of 24.

const paths = {
  key: 'M8.5 15.5a4.5 4.5 0 1 1 3.6-7.2L21 8.3v3.4h-2.4v2.6h-3v-2.1h-2.6a4.5 4.5 0 0 1-4.5 3.3ZM8.4 11v.01',
  activity: 'M3 12h4l3-8 4 16 3-8h4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 5 5',
  webhook:
    'M12 8.5a3 3 0 1 0-2.4-1.2L6.5 13M6 20a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm3-3h6m3 3a3 3 0 1 0-2.5-4.7L12 8.5',
  app: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.5 13v7M13 16.5h7',
  team: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 9c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.9c2 .8 3.2 2.5 3.5 5.1',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8.5c.6-3.7 3.4-5.5 7.5-5.5s6.9 1.8 7.5 5.5',
  store: 'M4 10v10h16V10M3 9l2-5h14l2 5a2.9 2.9 0 0 1-6 0 2.9 2.9 0 0 1-6 0 2.9 2.9 0 0 1-6 0Zm7 11v-5h4v5',
  audit: 'M7 3h8l4 4v14H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Zm2 8h6M9 15h6M9 7h3',
  health: 'M12 20s-8-4.6-8-10.2A4.8 4.8 0 0 1 12 6.6a4.8 4.8 0 0 1 8 3.2C20 15.4 12 20 12 20Z',
  instances: 'M4 4h16v6H4zM4 14h16v6H4zM8 7v.01M8 17v.01',
  routes: 'M6 20V9a4 4 0 0 1 8 0v6a4 4 0 0 0 4 4m0 0 2.5-2.5M18 19l2.5 2.5M3.500 6 6 3.500 8.500 6',
  stop: 'M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3ZM8 12h8',
  book: 'M5 4h10a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3Zm0 13a3 3 0 0 1 3-3h10',
  plus: 'M12 5v14M5 12h14',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  check: 'm5 12.500 4.500 4.500L19 7.500',
  cross: 'm6 6 12 12M18 6 6 18',
  more: 'M5.500 12v.01M12 12v.01M18.500 12v.01',
  down: 'm6 9.500 6 6 6-6',
  right: 'm9.500 6 6 6-6 6',
  left: 'm14.500 6-6 6 6 6',
  alert: 'M12 4 2.500 20h19ZM12 10v4.500M12 17.300v.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-9.500V16.500M12 8v.01',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm0-13v2m0 14v2M3 12h2m14 0h2M5.600 5.600 7 7m10 10 1.400 1.400M5.600 18.400 7 17M17 7l1.400-1.400',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z',
  screen: 'M3 5h18v11H3zM9 20h6m-3-4v4',
  out: 'M10 4H5v16h5m4-12 4 4-4 4m4-4H9',
  download: 'M12 4v11m0 0 4.500-4.500M12 15l-4.500-4.500M4 20h16',
  rotate: 'M20 5v5h-5M4 19v-5h5m10.500-4A8 8 0 0 0 5.500 7.500L4 9m.500 5a8 8 0 0 0 14 2.500L20 15',
  pause: 'M8 5v14M16 5v14',
  play: 'm8 5 11 7-11 7Z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  shield: 'M12 3 5 6v5.500c0 4.300 2.900 7.800 7 9.500 4.100-1.700 7-5.200 7-9.500V6Z',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-14v5l3.500 2',
  trash: 'M4 7h16M10 7V4h4v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  mail: 'M3 6h18v13H3zM3.500 6.500 12 13l8.500-6.500',
  external: 'M14 4h6v6m0-6-9 9M18 14v6H4V6h6',
} as const

export type IconName = keyof typeof paths

export function Icon({
  name,
  size = 16,
  className = '',
}: {
  name: IconName
  size?: number
  className?: string
}) {
  return (
    <svg
      aria-hidden="true"
      className={`shrink-0 ${className}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 3 : 1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  )
}
