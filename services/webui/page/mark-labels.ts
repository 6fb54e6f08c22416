/** A label and the lines that it names, from left to right. */
export interface Label {
  text: string
  lines: number[]
  /** Where the text begins, and its row, from the bottom. */
  begin: number
  row: number
}

/** Space for labels above the graph. */
export interface Space {
  left: number
  right: number
  /** Between two labels. */
  gap: number
  rows: number
}

/** Neighbours with one label. */
interface Group {
  lines: number[]
  texts: string[]
  text: string
  width: number
  /** Whether the label has the texts of several marks, and so could be shorter. */
  isList: boolean
}

/** A longer text is cut, or only counted where it has several changes. Characters. */
const LONGEST = 36

/**
 * A label for every mark. One begins at its line, or ends at the right edge. Marks for whose labels
 * there is no space share one with their nearer neighbour: both texts, or "2 changes".
 */
export function labelMarks(
  marks: { x: number; text: string }[],
  space: Space,
  widthOf: (text: string) => number,
): Label[] {
  function group(lines: number[], texts: string[], mayList = true): Group {
    const list = texts.join(', ')
    const isList = texts.length > 1 && mayList && list.length <= LONGEST
    const text = isList ? list : texts.length > 1 ? `${texts.length} changes` : cut(list)
    return { lines, texts, text, isList, width: widthOf(text) }
  }

  let groups = marks.map(({ x, text }) => group([x], [text]))
  for (;;) {
    const places = placeGroups(groups, space)
    const index = places.findLastIndex((place) => place === undefined)
    const crowded = groups[index]
    if (!crowded || (groups.length === 1 && !crowded.isList)) {
      return groups.flatMap(({ text, lines }, i) => (places[i] ? [{ text, lines, ...places[i] }] : []))
    }
    if (crowded.isList) groups = groups.with(index, group(crowded.lines, crowded.texts, false))
    else {
      const first = nearerPair(groups, index)
      const [a, b] = [groups[first]!, groups[first + 1]!]
      groups = groups.toSpliced(first, 2, group([...a.lines, ...b.lines], [...a.texts, ...b.texts]))
    }
  }
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}

/** The newest come first. The lines of a label cross the rows below it, where no text may be. */
function placeGroups(groups: Group[], { left, right, gap, rows }: Space) {
  const free = Array<number>(rows).fill(right)
  return groups
    .toReversed()
    .map(({ lines, width }) => {
      const [first, last] = [lines[0]!, lines.at(-1)!]
      const begin = Math.min(first, right - width)
      const row = free.findIndex((end, i) => begin + width <= end && free.slice(0, i).every((text) => last <= text))
      if (row < 0 || begin < left) return undefined
      for (let below = 0; below < row; below++) free[below] = Math.min(free[below]!, first - gap)
      free[row] = begin - gap
      return { begin, row }
    })
    .toReversed()
}

/** The index of the first of two neighbours, `index` and the nearer one. */
function nearerPair(groups: Group[], index: number): number {
  const distance = (i: number) => groups[i + 1]!.lines[0]! - groups[i]!.lines.at(-1)!
  const isLast = index === groups.length - 1
  return isLast || (index > 0 && distance(index - 1) < distance(index)) ? index - 1 : index
}
