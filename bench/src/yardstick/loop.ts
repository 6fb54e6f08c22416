import { createServer } from 'node:http'

import { buildConnector, Pool, type Dispatcher } from 'undici'

// The floor for worker: LOOPS loops, each of which gets 32 bytes from RNG_URL and posts them to
// HASHER_URL. GET /metrics counts the hashes.

const { PORT, RNG_URL = '', HASHER_URL = '', LOOPS = '1' } = process.env
const openConnection = buildConnector({})
const [rng, hasher] = [new Pool(RNG_URL, { connect }), new Pool(HASHER_URL, { connect })]
let hashes = 0

createServer((_request, response) => response.end(`dockercoins_hashes_total ${hashes}\n`)).listen(
  Number(PORT),
  '127.0.0.1',
)
for (let started = 0; started < Number(LOOPS); started++) void loop()

async function loop(): Promise<never> {
  const headers = { 'content-type': 'application/octet-stream' }
  for (;;) {
    const body = await send(rng, { method: 'GET', path: '/32' })
    const digest = await send(hasher, { method: 'POST', path: '/', headers, body })
    if (digest.length !== 64) throw new Error(`expected 64 digits, got ${digest.length}`)
    hashes++
  }
}

function send(pool: Pool, options: Dispatcher.DispatchOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    pool.dispatch(options, {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)),
      onResponseError: (_controller, error) => reject(error),
    })
  })
}

/** Opens a connection that leaves out the one header that undici always sends, and ours never. */
function connect(options: buildConnector.Options, callback: buildConnector.Callback): void {
  openConnection(options, (...result) => {
    const [, socket] = result
    if (socket) {
      const write = socket.write.bind(socket) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean
      socket.write = (chunk: string | Uint8Array, ...rest: unknown[]) =>
        write(typeof chunk === 'string' ? chunk.replace('connection: keep-alive\r\n', '') : chunk, ...rest)
    }
    callback(...result)
  })
}
