import { ask } from './ask.ts'

// The floor for worker: LOOPS times at once, GET /32 of RNG_URL and POST that to HASHER_URL, and nothing else.

const { RNG_URL = '', HASHER_URL = '', LOOPS = '1', VIA = 'dispatch' } = process.env
const rng = ask(RNG_URL, VIA)
const hasher = ask(HASHER_URL, VIA)
let hashes = 0

async function loop(): Promise<never> {
  for (;;) {
    const bytes = await rng({ method: 'GET', path: '/32' })
    const digest = await hasher({ method: 'POST', path: '/', body: bytes })
    if (digest.length !== 64) throw new Error(`expected 64 digits, got ${digest.length}`)
    hashes++
  }
}

process.on('message', (question) => {
  if (question === 'hashes') process.send?.({ question, answer: hashes })
})
for (let started = 0; started < Number(LOOPS); started++) void loop()
