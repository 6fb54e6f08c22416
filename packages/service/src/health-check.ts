import { get } from 'node:http'

// The images' health check: exits with 0 when this container's own service is ready.
const request = get({
  // `agent: false` is an agent without the proxy that NODE_USE_ENV_PROXY gives to the global one.
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
