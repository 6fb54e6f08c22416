import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'

// The floor for rng (GET) and hasher (POST): what Node itself takes for the same responses.

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const bytes = randomBytes(Number(request.url?.slice(1)))
    response.setHeader('content-type', 'application/octet-stream').setHeader('content-length', bytes.length).end(bytes)
    return
  }
  const hash = createHash('sha256')
  request.on('data', (chunk: Buffer) => hash.update(chunk))
  request.on('end', () => {
    const digest = hash.digest('hex')
    response.setHeader('content-type', 'text/plain').setHeader('content-length', digest.length).end(digest)
  })
})
server.listen(Number(process.env.PORT), '127.0.0.1')
