import { effect, signal } from '@preact/signals'

/** The pinned moment, seconds since the epoch; kept in the address as `?pin=`. */
export const pin = signal(readPin())

function readPin(): number | undefined {
  const second = Number(new URLSearchParams(location.search).get('pin'))
  return Number.isSafeInteger(second) && second > 0 ? second : undefined
}

effect(() => {
  const url = new URL(location.href)
  if (pin.value === undefined) url.searchParams.delete('pin')
  else url.searchParams.set('pin', String(pin.value))
  if (url.href !== location.href) history.replaceState(history.state, '', url)
})
