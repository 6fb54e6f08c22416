/** Longest line passed on in one piece; a longer one continues as the next, so that no line needs unbounded memory. */
export const MAX_LINE = 16_384

/** Makes whole lines of text that comes in pieces. */
export interface LineSplitter {
  push(text: string): void
  /** Gives out what was left without an end of line. */
  end(): void
}

/** Calls `onLines` with the lines that each piece of text completes. */
export function splitLines(onLines: (lines: string[]) => void): LineSplitter {
  let rest = ''

  return {
    push(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      const whole = lines.flatMap((line) => cut(line.endsWith('\r') ? line.slice(0, -1) : line))
      if (rest.length > MAX_LINE) {
        const pieces = cut(rest)
        rest = pieces.pop() ?? ''
        whole.push(...pieces)
      }
      if (whole.length > 0) onLines(whole)
    },
    end() {
      if (rest) onLines(cut(rest))
      rest = ''
    },
  }
}

function cut(line: string): string[] {
  const pieces: string[] = []
  let start = 0
  while (line.length - start > MAX_LINE) {
    // Not between the two halves of a character.
    const end = start + MAX_LINE - (/[\uD800-\uDBFF]/.test(line.charAt(start + MAX_LINE - 1)) ? 1 : 0)
    pieces.push(line.slice(start, end))
    start = end
  }
  return [...pieces, line.slice(start)]
}
