import { computed } from '@preact/signals'

import { createParameter } from './url-state.ts'

const parameter = createParameter('pin')

/** The pinned moment, seconds since the epoch; kept in the URL as `?pin=`. */
export const pin = computed(() => {
  const second = Number(parameter.value)
  return Number.isSafeInteger(second) && second > 0 ? second : undefined
})

export function setPin(second: number | undefined): void {
  parameter.value = second === undefined ? undefined : String(second)
}
