import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'

// The floor for rng: what Node itself takes for the same answer. PORT is where it listens.

const CHUNK_BYTES = 64 * 1024

createServer((request, response) => {
  const count = Number(request.url?.slice(1))
  response.setHeader('content-type', 'application/octet-stream')
  response.setHeader('content-length', count)
  if (count <= CHUNK_BYTES) response.end(randomBytes(count))
  else Readable.from(chunks(count), { objectMode: false }).pipe(response)
}).listen(Number(process.env.PORT), '127.0.0.1')

function* chunks(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= CHUNK_BYTES) yield randomBytes(Math.min(left, CHUNK_BYTES))
}
