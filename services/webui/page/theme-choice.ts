import { effect } from '@preact/signals'

import { createChoice } from './live.ts'

export const themes = ['system', 'light', 'dark'] as const

/** The colours that this viewer wants. */
export const theme = createChoice('theme', themes)

effect(() => {
  const { dataset } = document.documentElement
  if (theme.value === 'system') delete dataset['theme']
  else dataset['theme'] = theme.value
})
