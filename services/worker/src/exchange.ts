import type { IncomingHttpHeaders } from 'node:http'

import type { Dispatcher } from 'undici'

import type { Replica } from './replica.ts'

export interface Request {
  method: 'GET' | 'POST'
  path: string
  body: Uint8Array | null
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
export function exchange(pool: Replica['pool'], request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let status = 0
    let headers: IncomingHttpHeaders = {}
    let length = 0
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, itsStatus, itsHeaders) {
        status = itsStatus
        headers = itsHeaders
      },
      onResponseData(controller, chunk) {
        length += chunk.length
        if (length > MAX_RESPONSE_BYTES)
          controller.abort(new Error(`expected at most ${MAX_RESPONSE_BYTES} bytes, got more`))
        chunks.push(chunk)
      },
      // Nearly every answer comes in one piece.
      onResponseEnd: () =>
        resolve({ status, headers, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }),
      onResponseError: (_controller, error) => reject(error),
    }
    pool.dispatch(request, handler)
  })
}
