/** Three figures that tell of many. */
export interface Summary {
  median: number
  min: number
  max: number
}

/** The middle of the values, which one bad run does not move, and how far they spread. */
export function summarize(values: number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}
