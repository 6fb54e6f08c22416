import { formatTime } from '../src/format.ts'
import { colours } from './graph-colours.ts'
import { FONT } from './graph-drawing.ts'
import { toCsv, type Seconds, type Window } from './graph-view.ts'

/** Saves the figures of each second. */
export function saveCsv(window: Window, seconds: Seconds): void {
  save(new Blob([toCsv(window, seconds)], { type: 'text/csv' }), `${fileName(window)}.csv`)
}

/** Saves the picture as it is, with a title and the ground that it has on the page. */
export async function savePng(graph: HTMLCanvasElement, window: Window, title: string): Promise<void> {
  const px = devicePixelRatio
  const head = 40 * px
  const picture = new OffscreenCanvas(graph.width, graph.height + head)
  const context = picture.getContext('2d')
  if (!context) return
  context.fillStyle = colours.value!['--panel']
  context.fillRect(0, 0, picture.width, picture.height)
  context.fillStyle = colours.value!['--ink']
  context.textBaseline = 'middle'
  context.font = `650 ${Math.round(15 * px)}px ${FONT}`
  context.fillText(title, 12 * px, head / 2)
  const begin = 24 * px + context.measureText(title).width
  context.fillStyle = colours.value!['--quiet']
  context.font = `${Math.round(12 * px)}px ${FONT}`
  const day = new Date(window.from * 1000).toLocaleDateString('en-CA')
  context.fillText(
    `hashes per second · ${day} ${formatTime(window.from)} to ${formatTime(window.until)}`,
    begin,
    head / 2,
  )
  context.drawImage(graph, 0, head)
  save(await picture.convertToBlob(), `${fileName(window)}.png`)
}

/** dockercoins-2026-05-17T14-03-07 */
function fileName({ until }: Window): string {
  return `dockercoins-${new Date(until * 1000).toISOString().slice(0, 19).replaceAll(':', '-')}`
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // The browser reads the file after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
