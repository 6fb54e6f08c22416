import { get } from 'node:http'
import { createInterface } from 'node:readline'

// VIEWERS viewers of the web UI at URL. Each snapshot is late by as much as it comes after the first viewer had it.

const { URL: url = '', VIEWERS = '1' } = process.env
const firstAt = new Map<string, number>()
let late: number[] = []
let connected = 0
/** By snapshot, how many had it. */
const had = new Map<string, number>()

process.on('message', (question) => {
  if (question === 'connected') process.send?.({ question, answer: connected })
  if (question === 'seen') {
    process.send?.({ question, answer: { late, had: [...had.values()] } })
    forget()
  }
})

function view(): void {
  const request = get(`${url}/events`, { agent: false }, (response) => {
    connected++
    createInterface({ input: response }).on('line', (line) => {
      // Two in a row may have one id, as that tells of the newest second; each has a moment of its own.
      const now = /^data: .*"now":([\d.]+).*"pipeline":/.exec(line)?.[1]
      if (now !== undefined) note(now)
    })
    response.on('close', () => {
      connected--
      setTimeout(view, 100)
    })
  })
  request.on('error', () => setTimeout(view, 100))
}

/** Later questions are about later snapshots: at first a viewer is greeted with one that others had before. */
function forget(): void {
  late = []
  firstAt.clear()
  had.clear()
}

function note(id: string): void {
  const now = performance.now()
  if (!firstAt.has(id)) firstAt.set(id, now)
  late.push(now - firstAt.get(id)!)
  had.set(id, (had.get(id) ?? 0) + 1)
}

for (let viewer = 0; viewer < Number(VIEWERS); viewer++) view()
