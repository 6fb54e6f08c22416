import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

// The floor for hasher: what Node itself takes for the same answer. PORT is where it listens.

createServer((request, response) => {
  const hash = createHash('sha256')
  request.on('data', (chunk: Buffer) => hash.update(chunk))
  request.on('end', () => {
    const digest = hash.digest('hex')
    response.setHeader('content-type', 'text/plain')
    response.setHeader('content-length', digest.length)
    response.end(digest)
  })
}).listen(Number(process.env.PORT), '127.0.0.1')
