import type { IncomingHttpHeaders } from 'node:http'

import type { Dispatcher, Pool } from 'undici'

export interface Request {
  method: 'GET' | 'POST'
  path: string
  body?: Uint8Array
}

export interface Response {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** No answer that we ask for is longer; whoever sends more is no neighbour of ours. */
const MAX_RESPONSE_BYTES = 1024 * 1024

/**
 * One HTTP request and its whole answer. Undici's `dispatch` is used bare because `request` makes a stream of each
 * answer, which at thousands of small answers a second costs more than all the rest. Rejects when the connection fails.
 */
export function exchange(pool: Pool, request: Request, host: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const response: Response = { status: 0, headers: {}, body: Buffer.alloc(0) }
    const chunks: Buffer[] = []
    let length = 0
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, status, headers) {
        response.status = status
        response.headers = headers
      },
      onResponseData(controller, chunk) {
        length += chunk.length
        if (length > MAX_RESPONSE_BYTES)
          controller.abort(new Error(`expected at most ${MAX_RESPONSE_BYTES} bytes, got more`))
        chunks.push(chunk)
      },
      onResponseEnd() {
        response.body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
        resolve(response)
      },
      onResponseError(_controller, error) {
        reject(error)
      },
    }
    pool.dispatch({ ...request, headers: { host } }, handler)
  })
}
