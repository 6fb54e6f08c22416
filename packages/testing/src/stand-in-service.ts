// A service for tests of the supervisor: ready at once. BEHAVIOUR selects what else it does.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

const behaviour = process.env['BEHAVIOUR']
const port = Number(process.env['PORT'])

if (behaviour === 'misconfigured') {
  console.error('DELAY_MS is "soon": expected a whole number')
  process.exit(78)
}
if (behaviour === 'dying') process.exit(3)
if (behaviour === 'parent') {
  // It ignores SIGTERM and holds our pipes open: only SIGKILL to the group ends it.
  const script = `process.on('SIGTERM', () => console.log('asked too')); console.log('grandchild'); setInterval(() => {}, 1000)`
  spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'inherit', 'inherit'] })
}

process.on('SIGTERM', () => {
  console.log('got SIGTERM')
  // After a pause, so that a second signal would be printed.
  if (behaviour !== 'deaf') setTimeout(() => process.exit(behaviour === 'failing' ? 1 : 0), 100)
})
createServer((_request, response) => response.end()).listen(port, '127.0.0.1', () => console.log(`pid ${process.pid}`))
