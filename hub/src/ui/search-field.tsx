// A search box that asks when typing rests, so that nothing blocks it.

import { useEffect, useRef, useState } from 'react'
import { Input } from './field.tsx'
import { Icon } from './icon.tsx'

const typingMs = 250

interface SearchProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
}

export function SearchField({ label, value, onChange }: SearchProps) {
  const [text, setText] = useState(value)
  const said = useRef(value)
  useEffect(() => {
    // What comes back is behind what was typed since; what comes from elsewhere is taken.
    if (value !== said.current) setText(value)
    said.current = value
  }, [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => {
      said.current = text
      onChange(text)
    }, typingMs)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <span className="relative block min-w-0 flex-1 basis-64">
      <Icon name="search" size={15} className="pointer-events-none absolute top-[10px] left-3 text-ink-3" />
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        maxLength={100}
        onChange={(event) => setText(event.target.value)}
        className="pl-9"
      />
    </span>
  )
}
