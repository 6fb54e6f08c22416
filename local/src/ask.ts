import { once } from 'node:events'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'

const TIMEOUT_MS = 1_000

/** GET `url`: the body of a 200 response, else undefined. Without an agent it uses no proxy. */
export async function ask(url: string, signal: AbortSignal): Promise<string | undefined> {
  const request = get(url, { agent: false, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
  request.on('error', () => {})
  try {
    const [response] = await once(request, 'response')
    const body = await text(response)
    return response.statusCode === 200 ? body : undefined
  } catch {
    return undefined
  }
}
