import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'

// The floor for rng: what Node itself takes for the same answer. PORT is where it listens.

createServer((request, response) => {
  const bytes = randomBytes(Number(request.url?.slice(1)))
  response.setHeader('content-type', 'application/octet-stream')
  response.setHeader('content-length', bytes.length)
  response.end(bytes)
}).listen(Number(process.env.PORT), '127.0.0.1')
