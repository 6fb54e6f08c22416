import type { Signal } from '@preact/signals'

/** Radio buttons in a row, one of which is on. */
export function Choice<T extends string>({
  label,
  choice,
  options,
}: {
  label: string
  choice: Signal<T>
  options: readonly (readonly [value: T, text: string])[]
}) {
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
