import { effect, signal, type Signal } from '@preact/signals'

/** The value of a query parameter; undefined where `search` does not have it. */
export function readParameter(search: string, name: string): string | undefined {
  return new URLSearchParams(search).get(name) ?? undefined
}

/** `search` with the parameter set to `value`, or without it where that is undefined. */
export function writeParameter(search: string, name: string, value: string | undefined): string {
  const parameters = new URLSearchParams(search)
  if (value === undefined) parameters.delete(name)
  else parameters.set(name, value)
  // A parameter without a value is written as ?present.
  const query = parameters.toString().replace(/=(?=&|$)/g, '')
  return query && `?${query}`
}

/** The first that is an option: the one in the URL, the one kept before, the default. */
export function firstOption<T extends string>(options: readonly [T, ...T[]], ...wanted: (string | null | undefined)[]) {
  const known = wanted.map((value) => options.find((option) => option === value))
  return known.find((option) => option !== undefined) ?? options[0]
}

/**
 * A parameter of the page's URL, '' where it has no value. A change replaces the URL and adds
 * nothing to the browser's history.
 */
export function createParameter(name: string): Signal<string | undefined> {
  const parameter = signal(readParameter(location.search, name))
  effect(() => {
    if (readParameter(location.search, name) === parameter.value) return
    const search = writeParameter(location.search, name, parameter.value)
    history.replaceState(history.state, '', location.pathname + search + location.hash)
  })
  return parameter
}
