import { raise, sum, summarize, type Figures } from './series.ts'

/** The shortest window, which a fresh start fills from the left, seconds. */
const SHORTEST_S = 30
/** More seconds than this are drawn as means, with a band from the lowest to the highest. */
const MOST_POINTS = 900
/** Length of such a mean, seconds. */
const BUCKET_S = 10
/** A capacity that would press the curve flat is beyond the scale. */
const MOST_ROOM = 5
/** Tops of the scale, times a power of ten: it rarely changes, so that the curve stays still. */
const TOPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]

export interface Window {
  from: number
  until: number
}

/** What is known of the seconds of a window. */
export interface Seconds {
  measured: Figures
  foreign: Figures
  capacity: Figures
  classic: Figures
}

/** The points of the graph, one for each second or bucket of the window. */
export interface GraphView extends Window {
  /** Seconds that a point stands for. */
  bucket: number
  /** Middle of each point's time. */
  x: number[]
  measured: Figures
  /** Of all workers, where some do not report; stacked on `base`. */
  total: Figures
  base: Figures
  capacity: Figures
  classic: Figures
  /** Of the measured speed in each bucket; null where a point is a second. */
  lowest: Figures
  highest: Figures
  /** Height of the scale, hashes per second. */
  top: number
}

/** The `length` seconds before `until`, or those since the first entry: the window grows. */
export function chooseWindow(since: number, until: number, length: number): Window {
  const from = Math.max(Math.min(since, until), until - length)
  const window = { from, until: Math.max(until, from + SHORTEST_S) }
  // Buckets begin at the same moments in every window, or their means would change while it moves.
  const bucket = bucketLength(window)
  return { from: Math.floor(window.from / bucket) * bucket, until: Math.ceil(window.until / bucket) * bucket }
}

/** Seconds that a point of the graph stands for. */
export function bucketLength({ from, until }: Window): number {
  return until - from > MOST_POINTS ? BUCKET_S : 1
}

/** The points of a window, whose figures are `seconds`. */
export function viewOf(window: Window, seconds: Seconds): GraphView {
  const bucket = bucketLength(window)
  const parts = bucket === 1 ? [] : summarize(0, seconds.measured, bucket)
  const means = (figures: Figures) =>
    bucket === 1 ? figures : summarize(0, figures, bucket).map(({ mean = null }) => mean)
  const measured = bucket === 1 ? seconds.measured : parts.map(({ mean = null }) => mean)
  const foreign = means(seconds.foreign)
  const classic = means(seconds.classic)
  const all = sum(measured, foreign)
  // A mean of two capacities never held, so a bucket has its newest.
  const newest = newestOf(seconds.capacity, bucket)
  const capacity = raise(newest, all)
  const highest = measured.map((_, i) => parts[i]?.highest ?? null)
  return {
    ...window,
    bucket,
    x: measured.map((_, index) => window.from + (index + 0.5) * bucket),
    measured,
    total: all.map((speed, i) => (foreign[i] ? speed : null)),
    base: all.map((_, i) => (foreign[i] ? (measured[i] ?? 0) : null)),
    capacity,
    classic,
    lowest: measured.map((_, i) => parts[i]?.lowest ?? null),
    highest,
    top: chooseTop([...all, ...highest, ...classic], capacity),
  }
}

function newestOf(figures: Figures, bucket: number): Figures {
  if (bucket === 1) return figures
  return Array.from(
    { length: Math.ceil(figures.length / bucket) },
    (_, i) => figures.slice(i * bucket, (i + 1) * bucket).findLast((figure) => figure !== null) ?? null,
  )
}

/** A round number above the curves, and above the capacity unless the curve would be flat then. */
export function chooseTop(speeds: Figures, capacity: Figures): number {
  const highest = Math.max(...speeds.map(Number))
  const most = Math.max(...capacity.map(Number))
  const needed = 1.12 * (Math.max(highest, highest === 0 || most < MOST_ROOM * highest ? most : 0, 0) || 1)
  const power = 10 ** Math.floor(Math.log10(needed))
  return TOPS.find((top) => top * power >= needed)! * power
}

/** The speed of all workers at a point; null where it is not known. */
export function speedAt({ total, measured }: GraphView, index: number): number | null {
  return total[index] ?? measured[index] ?? null
}

/** The newest point that is known. */
export function newestPoint(view: GraphView): { at: number; speed: number } | undefined {
  const index = view.x.findLastIndex((_, i) => speedAt(view, i) !== null)
  return index < 0 ? undefined : { at: view.x[index]!, speed: speedAt(view, index)! }
}

/** The figures of each second, as a spreadsheet reads them; an empty field is not known. */
export function toCsv({ from }: Window, { measured, capacity, foreign, classic }: Seconds): string {
  const rows = measured.map((speed, i) =>
    [new Date((from + i) * 1000).toISOString(), ...[speed, capacity[i], foreign[i], classic[i]].map(toField)].join(','),
  )
  return ['time,speed,capacity,foreign,classic', ...rows, ''].join('\r\n')
}

function toField(figure: number | null | undefined): string {
  return typeof figure === 'number' ? String(Math.round(figure * 1000) / 1000) : ''
}
