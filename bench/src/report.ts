/** What docs/performance.md promises of the median. */
export interface Goal {
  atLeast?: number
  atMost?: number
}

/** One figure of a scenario, with its value in each run. */
export interface Row {
  scenario: string
  /** What was measured: "16 loops, Redis". */
  name: string
  /** "hashes/s", "µs per hash", "ms", "MB", "× the floor"… */
  unit: string
  values: number[]
  goal?: Goal
}

/** The middle of the values, which one bad run does not move, and their range. */
export function summarize(values: number[]): { median: number; min: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** A row for people, to be printed by `console.table`. */
export function toCells({ scenario, name, unit, values, goal }: Row): Record<string, string> {
  const { median, min, max } = summarize(values)
  const range = `${digits(min)} – ${digits(max)}`
  return { scenario, figure: name, median: digits(median), unit, range, goal: goal ? toVerdict(median, goal) : '' }
}

function toVerdict(value: number, { atLeast = -Infinity, atMost = Infinity }: Goal): string {
  const verdict = value >= atLeast && value <= atMost ? 'met' : 'MISSED'
  return `${verdict}: ${atMost < Infinity ? `at most ${digits(atMost)}` : `at least ${digits(atLeast)}`}`
}

/** Three significant digits, and all digits before the point: 14,321; 57.5; 0.91. */
function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 10 ? 1 : 2)
}
