import { effect, signal, type Signal } from '@preact/signals'

/** A viewer's choice, the first option by default. It is kept where the browser permits. */
export function createChoice<T extends string>(name: string, options: readonly [T, ...T[]]): Signal<T> {
  const kept = recall(name)
  const choice = signal<T>(options.find((option) => option === kept) ?? options[0])
  effect(() => keep(name, choice.value))
  return choice
}

/** The colours of the page. */
export const theme = createChoice('theme', ['system', 'light', 'dark'])

effect(() => {
  const { dataset } = document.documentElement
  if (theme.value === 'system') delete dataset['theme']
  else dataset['theme'] = theme.value
})

/** Radio buttons in a row. */
export function Choice<T extends string>(props: {
  label: string
  choice: Signal<T>
  options: readonly (readonly [value: T, text: string])[]
}) {
  const { label, choice, options } = props
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map(([value, text]) => (
        <label key={value}>
          <input type="radio" name={label} checked={choice.value === value} onChange={() => (choice.value = value)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}

function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined
  } catch {
    return undefined
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // A browser may forbid a page to store anything.
  }
}
