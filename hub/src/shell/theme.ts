// Light or dark: as the system has it, unless the reader chose. The one thing that is kept in the browser.

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const place = 'latchkey-theme'

export function currentTheme(): Theme {
  try {
    const kept = localStorage.getItem(place)
    return themes.find((one) => one === kept) ?? 'system'
  } catch {
    return 'system'
  }
}

export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(place, theme)
  } catch {
    // It holds until the page is loaded again.
  }
  show(theme)
}

export function keepTheme(): void {
  show(currentTheme())
}

function show(theme: Theme): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset['theme']
  else dataset['theme'] = theme
}
