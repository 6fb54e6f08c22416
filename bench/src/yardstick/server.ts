import { hash, randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'

// The floor for rng (GET) and hasher (POST): what Node itself takes for the bytes that ours send.

const { PORT, HOSTNAME = '' } = process.env
let pool = randomBytes(0)

const server = createServer({ optimizeEmptyRequests: true }, (request, response) => {
  if (request.method === 'GET') {
    respond(response, 'application/octet-stream', takeRandom(Number(request.url?.slice(1))))
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => respond(response, 'text/plain', hash('sha256', Buffer.concat(chunks))))
})
server.listen(Number(PORT), '127.0.0.1')

/** One system call for many requests, as in rng. */
function takeRandom(count: number): Buffer {
  if (pool.length < count) pool = randomBytes(8192)
  const bytes = pool.subarray(0, count)
  pool = pool.subarray(count)
  return bytes
}

function respond(response: ServerResponse, type: string, body: string | Buffer): void {
  const timing = 'queue;dur=0, work;dur=0'
  const head = ['content-type', type, 'content-length', `${body.length}`, 'server-timing', timing]
  // Ours send neither Connection nor Keep-Alive.
  response.removeHeader('connection')
  response.writeHead(200, [...head, 'x-served-by', HOSTNAME]).end(body)
}
