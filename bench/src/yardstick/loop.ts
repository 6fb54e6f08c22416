import { Pool, type Dispatcher } from 'undici'

// The floor for worker: LOOPS loops, each of which gets 32 bytes from RNG_URL and posts them to
// HASHER_URL.

const { RNG_URL = '', HASHER_URL = '', LOOPS = '1', VIA = 'dispatch' } = process.env
const [rng, hasher] = [new Pool(RNG_URL), new Pool(HASHER_URL)]
const send = VIA === 'dispatch' ? dispatch : request
let hashes = 0

for (let started = 0; started < Number(LOOPS); started++) void loop()
process.on('message', (question) => {
  if (question === 'hashes') process.send?.({ question, answer: hashes })
})

async function loop(): Promise<never> {
  for (;;) {
    const body = await send(rng, { method: 'GET', path: '/32' })
    const digest = await send(hasher, { method: 'POST', path: '/', body })
    if (digest.length !== 64) throw new Error(`expected 64 digits, got ${digest.length}`)
    hashes++
  }
}

async function request(pool: Pool, options: Dispatcher.DispatchOptions): Promise<Buffer> {
  const { body } = await pool.request(options)
  return Buffer.from(await body.arrayBuffer())
}

function dispatch(pool: Pool, options: Dispatcher.DispatchOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    pool.dispatch(options, {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => resolve(Buffer.concat(chunks)),
      onResponseError: (_controller, error) => reject(error),
    })
  })
}
