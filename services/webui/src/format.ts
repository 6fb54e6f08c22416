// How figures are written, on the page and in the server's advice.

const counts = new Intl.NumberFormat('en')

/** 12,345 */
export function formatCount(count: number): string {
  return counts.format(count)
}

/** Three significant digits: 3.33, 10.0, 127, 12,345. */
export function formatRate(rate: number): string {
  if (rate >= 99.95) return counts.format(Math.round(rate))
  return rate.toFixed(rate >= 9.995 ? 1 : 2)
}

/** 629 ms, 1.5 ms, 0.1 ms, 12.3 s */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  return ms >= 9.95 ? `${counts.format(Math.round(ms))} ms` : `${ms.toFixed(1)} ms`
}

/** 33 %; 100 % only from 99.5 %. */
export function formatPart(part: number): string {
  return `${part >= 0.995 ? 100 : Math.min(99, Math.round(part * 100))} %`
}

/** 5 s, 3 min, 2 h */
export function formatAge(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
}

/** The local time of day of a moment in seconds since the epoch: 14:03:07. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB')
}

/** A dash where a figure is not known. */
export function known(figure: number | undefined, format: (figure: number) => string): string {
  return figure === undefined ? '–' : format(figure)
}
