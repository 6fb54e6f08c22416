export interface Label {
  /** Where the labelled line is. */
  x: number
  width: number
}

/**
 * Where each label begins so that they are `gap` apart and none leaves the graph between the edges;
 * undefined for one without space. The last labels, which are the newest, come first.
 */
export function placeLabels(labels: Label[], left: number, right: number, gap: number): (number | undefined)[] {
  let limit = right
  return labels
    .toReversed()
    .map(({ x, width }) => {
      // A label begins at its line, or ends there beside the right edge.
      const begin = x + width <= right ? x : Math.max(left, right - width)
      if (begin < left || begin + width > limit || width > right - left) return undefined
      limit = begin - gap
      return begin
    })
    .toReversed()
}
