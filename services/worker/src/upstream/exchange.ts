import type { IncomingHttpHeaders } from 'node:http'

import type { Dispatcher } from 'undici'

import type { Connections } from './replica.ts'

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

/** No response that we ask for is longer; whoever sends more is no neighbour of ours. */
const MAX_RESPONSE_BYTES = 1024 * 1024

/** Any type will do for our hasher; others refuse a body without one, or read it as a form. */
const BODY_HEADERS = { 'content-type': 'application/octet-stream' }

/**
 * One HTTP request and its whole response. Undici's `dispatch` is used bare because `request` makes a stream of each
 * response, which at thousands of small responses per second costs more than all the rest. Rejects when the connection
 * fails, when the whole of it takes longer than `timeoutMs`, and when the connections are cut off.
 */
export function exchange({ pool, inHand }: Connections, request: Request, timeoutMs: number): Promise<Response> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let status = 0
    let headers: IncomingHttpHeaders = {}
    let length = 0
    let control: Dispatcher.DispatchController | undefined
    let failure: Error | undefined

    const settle = () => {
      clearTimeout(deadline)
      inHand.delete(fail)
    }
    const fail = (error: Error) => {
      if (failure) return
      failure = error
      settle()
      reject(error)
      control?.abort(error)
    }
    // A process that was paused finds its timers due before it reads what came meanwhile: so it reads first.
    const deadline = setTimeout(
      () => setImmediate(() => inHand.has(fail) && fail(new Error(`expected a response within ${timeoutMs} ms`))),
      timeoutMs,
    )
    inHand.add(fail)

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        control = controller
        // Given up while it waited for a connection.
        if (failure) controller.abort(failure)
      },
      onResponseStart(_controller, itsStatus, itsHeaders) {
        status = itsStatus
        headers = itsHeaders
      },
      onResponseData(_controller, chunk) {
        length += chunk.length
        if (length > MAX_RESPONSE_BYTES) fail(new Error(`expected at most ${MAX_RESPONSE_BYTES} bytes, got more`))
        else chunks.push(chunk)
      },
      onResponseEnd() {
        settle()
        // Nearly every response comes in one piece.
        resolve({ status, headers, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) })
      },
      onResponseError: (_controller, error) => fail(error),
    }
    pool.dispatch(request.body ? { ...request, headers: BODY_HEADERS } : request, handler)
  })
}
