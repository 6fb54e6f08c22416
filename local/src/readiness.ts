import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 500
const ANSWER_WITHIN_MS = 1000

/** Resolves to true once GET `url` answers 200, to false when `signal` fires before that. */
export async function waitUntilReady(url: string, signal: AbortSignal): Promise<boolean> {
  // The pauses grow, so that asking a hundred processes does not itself delay them.
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 1.1, LONGEST_PAUSE_MS)) {
    if (await answers200(url, signal)) return true
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
  return false
}

function answers200(url: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal, timeout: ANSWER_WITHIN_MS })
    request.on('response', (response) => {
      response.on('error', () => {}).resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    request.on('close', () => resolve(false))
  })
}
