/** A moment on the graph, in seconds since the epoch. */
export interface Mark {
  at: number
  text: string
}

const [WIDTH, HEIGHT] = [900, 360]
const edges = { left: 40, right: 20, top: 80, bottom: 40 }
const GRID = 5

/**
 * Draws the speed of each second from `from` on, with marks, as an SVG. The time below it is in
 * minutes since `zero`.
 */
export function drawGraph(from: number, speeds: (number | null)[], marks: Mark[], zero: number): string {
  const most = GRID * Math.ceil(Math.max(1, ...speeds.map(Number)) / GRID)
  const x = (at: number) => edges.left + ((at - from) / speeds.length) * (WIDTH - edges.left - edges.right)
  const y = (speed: number) => HEIGHT - edges.bottom - (speed / most) * (HEIGHT - edges.top - edges.bottom)

  const levels = Array.from({ length: most / GRID + 1 }, (_, index) => index * GRID)
  const firstMinute = Math.ceil((from - zero) / 60)
  const minutes = Array.from({ length: Math.ceil(speeds.length / 60) }, (_, index) => firstMinute + index)
  const path = speeds.map((speed, second) => {
    const isFirst = second === 0 || speeds[second - 1] === null
    return speed === null ? '' : `${isFirst ? 'M' : 'L'}${x(from + second).toFixed(1)} ${y(speed).toFixed(1)}`
  })
  const shapes = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fffdf8"/>`,
    ...levels.map((level) => line(edges.left, y(level), WIDTH - edges.right, y(level), '#e4dfd2')),
    ...levels.map((level) => text(edges.left - 8, y(level) + 4, `${level}`, 'end')),
    ...minutes
      .filter((minute) => zero + minute * 60 < from + speeds.length)
      .map((minute) =>
        text(x(zero + minute * 60), HEIGHT - edges.bottom + 18, `${minute} min`.replace('-', '−'), 'middle'),
      ),
    `<path d="${path.join('')}" fill="none" stroke="#0c7060" stroke-width="2"/>`,
    // Marks that are near each other have their texts one above the other.
    ...marks.flatMap(({ at, text: label }, index) => {
      const top = 30 + 16 * (index % 3)
      return [line(x(at), top + 4, x(at), y(0), '#68736f'), text(x(at) - 4, top, label, 'end')]
    }),
    text(edges.left, HEIGHT - 6, 'hashes per second, and minutes since the commit', 'start'),
  ]
  const style = 'font-family="sans-serif" font-size="12" fill="#36423e"'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ${style}>\n${shapes.join('\n')}\n</svg>\n`
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1))
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${colour}"/>`
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`
}
