import { effect, signal } from '@preact/signals'

import { theme } from './choice.tsx'

const NAMES = [
  '--panel',
  '--ink',
  '--quiet',
  '--rule',
  '--measured',
  '--measured-soft',
  '--measured-clear',
  '--foreign',
  '--foreign-soft',
  '--capacity',
  '--classic',
  '--full',
  '--hatch',
] as const

export type Colours = Record<(typeof NAMES)[number], string>

// Registered colours are computed, so that a canvas gets a colour and not light-dark().
for (const name of NAMES) CSS.registerProperty({ name, syntax: '<color>', inherits: true, initialValue: 'black' })

/** The colours of the page for a canvas, read when the theme changes. */
export const colours = signal<Colours | undefined>(undefined)

const dark = matchMedia('(prefers-color-scheme: dark)')

function readColours(): void {
  const style = getComputedStyle(document.documentElement)
  colours.value = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(name)])) as Colours
}

dark.addEventListener('change', readColours)
effect(() => {
  void theme.value
  readColours()
})
