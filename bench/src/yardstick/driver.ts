import { Pool } from 'undici'

// Asks one server as fast as it answers, from CONNECTIONS connections: METHOD and PATH of URL, with BODY_BYTES of body.

const { URL: url = '', METHOD = 'GET', PATH = '/', BODY_BYTES = '0', CONNECTIONS = '16' } = process.env
const pool = new Pool(url, { connections: Number(CONNECTIONS) })
const body = METHOD === 'POST' ? Buffer.alloc(Number(BODY_BYTES), 'x') : null
let requests = 0

process.on('message', (question) => {
  if (question === 'requests') process.send?.({ question, answer: requests })
})

function askOnce(): void {
  pool.dispatch(
    { method: METHOD === 'POST' ? 'POST' : 'GET', path: PATH, body },
    {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status !== 200) throw new Error(`expected 200, got ${status}`)
      },
      onResponseData() {},
      onResponseEnd() {
        requests++
        askOnce()
      },
      onResponseError(_controller, error) {
        throw error
      },
    },
  )
}
for (let connection = 0; connection < Number(CONNECTIONS); connection++) askOnce()
