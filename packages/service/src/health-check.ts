import { get } from 'node:http'

// The health check of the images: exits with 0 if the service in this container is ready.
const request = get({
  // Not the global agent, which may have a proxy (NODE_USE_ENV_PROXY).
  agent: false,
  host: process.env['HOST'] || '127.0.0.1',
  port: process.env['PORT'] ?? 80,
  path: '/readyz',
  headers: { host: 'localhost' },
})
request.on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
request.on('error', ({ message }) => {
  console.error(message)
  process.exit(1)
})
