import { Pool, type Dispatcher } from 'undici'

type Ask = (request: { method: 'GET' | 'POST'; path: string; body?: Buffer }) => Promise<Buffer>

/** Gives what sends a request to `url` and resolves to the body of its answer. */
export function ask(url: string, via: string): Ask {
  const pool = new Pool(url)
  if (via === 'dispatch') return (request) => dispatch(pool, request)
  return async (request) => {
    const { body } = await pool.request(request)
    return Buffer.from(await body.arrayBuffer())
  }
}

function dispatch(pool: Pool, request: Dispatcher.DispatchOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    pool.dispatch(request, {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => resolve(Buffer.concat(chunks)),
      onResponseError: (_controller, error) => reject(error),
    })
  })
}
