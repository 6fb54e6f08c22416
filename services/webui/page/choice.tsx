import { effect, signal, type Signal } from '@preact/signals'

import { createParameter, firstOption } from './url-state.ts'

/**
 * A viewer's choice, the first option by default. The URL comes first, so that a link shows the
 * same to everybody; then what the browser kept. A change is written to both.
 */
export function createChoice<T extends string>(name: string, options: readonly [T, ...T[]]): Signal<T> {
  const parameter = createParameter(name)
  const kept = withStorage((storage) => storage.getItem(name))
  const choice = signal(firstOption(options, parameter.value, kept))
  let before = choice.value
  effect(() => {
    const chosen = choice.value
    if (chosen === before) return
    before = chosen
    withStorage((storage) => storage.setItem(name, chosen))
    parameter.value = chosen === options[0] ? undefined : chosen
  })
  return choice
}

/** Undefined where the browser forbids the page to store anything. */
function withStorage<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(localStorage)
  } catch {
    return undefined
  }
}

/** The colours of the page. */
export const theme = createChoice('theme', ['system', 'light', 'dark'])

effect(() => {
  document.documentElement.dataset['theme'] = theme.value
})

/** Radio buttons in a row. */
export function Choice<T extends string>(props: {
  label: string
  choice: Signal<T>
  options: readonly (readonly [value: T, text: string])[]
}) {
  const { label, choice, options } = props
  return (
    <fieldset class="choice" aria-label={label}>
      {options.map(([value, text]) => (
        <label key={value}>
          <input type="radio" name={label} checked={choice.value === value} onChange={() => (choice.value = value)} />
          {text}
        </label>
      ))}
    </fieldset>
  )
}
