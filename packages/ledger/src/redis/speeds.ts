import { MILLIONTHS, spread } from '../spread.ts'

// The measured speed is a ring of slots that never expire (lua/commit.lua says why). A slot's text
// is its first second, then the millionths of a hash of each of its seconds.

const SLOT_S = 10
/** Eight hours. A slot is overwritten when its turn comes again. */
const SLOTS = 2880

/** The slots that an entry touches, each with the numbers of its text. */
export function slotsOf(entry: Parameters<typeof spread>[0]) {
  const slots = new Map<number, number[]>()
  for (const { second, millionths } of spread(entry)) {
    const start = startOf(second)
    const numbers = slots.get(start) ?? [start].concat(Array.from({ length: SLOT_S }, () => 0))
    numbers[1 + second - start] = millionths
    slots.set(start, numbers)
  }
  return [...slots].map(([start, numbers]) => ({ slot: slotOf(start), numbers }))
}

/** The slots that hold `count` seconds from `from`, in order. */
export function slotsFrom(from: number, count: number): number[] {
  const first = startOf(from)
  return Array.from({ length: Math.ceil((from - first + count) / SLOT_S) }, (_, i) => slotOf(first + i * SLOT_S))
}

/**
 * The speeds of `count` seconds from `from`, out of the texts of `slotsFrom`. null where the slot
 * was overwritten, and where nothing is known before `since`, the second of the first entry.
 */
export function readSpeeds(from: number, count: number, since: number, texts: (string | null)[]): (number | null)[] {
  const slots = texts.map((text) => (text === null ? [] : text.split(' ').map(Number)))
  const first = startOf(from)
  return Array.from({ length: count }, (_, i) => {
    const second = from + i
    const [start = 0, ...shares] = slots[Math.floor((second - first) / SLOT_S)] ?? []
    if (start > startOf(second)) return null
    const share = start === startOf(second) ? (shares[second - start] ?? 0) : 0
    if (share > 0) return share / MILLIONTHS
    return second < since ? null : 0
  })
}

function startOf(second: number): number {
  return Math.floor(second / SLOT_S) * SLOT_S
}

function slotOf(start: number): number {
  return (((start / SLOT_S) % SLOTS) + SLOTS) % SLOTS
}
