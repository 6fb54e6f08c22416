import { execFile } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

// node run.cjs bench/src/hostile.ts SERVICE KIND: opens 10,000 connections of a KIND to the image
// of SERVICE, with the limits of compose.yaml. Prints each second how many are open, the
// container's memory and the duration of a health probe. Needs Docker on Linux, and `ulimit -n`
// above 10,000.

const CONNECTIONS = 10_000
const SECONDS = 90

const [service = '', kindName = ''] = process.argv.slice(2)
const head = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nhost: ${service}\r\n`
const large = { rng: '/33554432', webui: '/history?seconds=3600' }[service] ?? '/metrics'

/** What a client sends at first, and every ten seconds; whether it reads. */
const kinds: Record<string, { send?: string; more?: string; reads: boolean }> = {
  silent: { reads: true },
  partial: { send: 'GET / HT', reads: true },
  'keep-alive': { send: `${head('GET', '/healthz')}\r\n`, reads: true },
  'slow-body': { send: `${head('POST', '/batch')}content-length: 32000\r\n\r\n`, more: 'x', reads: true },
  'slow-reader': { send: `${head('GET', large)}accept-encoding: br\r\n\r\n`, reads: false },
  events: { send: `${head('GET', '/events')}\r\n`, reads: true },
  unread: { send: `${head('GET', '/events')}\r\n`, reads: false },
}
const kind = kinds[kindName]
if (!kind || !['rng', 'hasher', 'webui', 'worker'].includes(service)) {
  console.error(`expected rng, hasher, webui or worker, and one of ${Object.keys(kinds).join(', ')}`)
  process.exit(1)
}

const limits = ['--memory', '256m', '--read-only', '--cap-drop', 'ALL', '--pids-limit', '64', '--tmpfs', '/tmp']
const variables = ['--env', 'LEDGER_URL=file:/tmp/ledger.db', '--env', 'DELAY_MS=0']
const container = await docker('run', '--detach', '--rm', ...limits, ...variables, `dockercoins/${service}`)
const open = new Set<Socket>()
const statusCodes: Record<string, number> = {}
try {
  const host = await docker(
    'inspect',
    '--format',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    container,
  )
  while ((await probe(host)) === 'no response') await sleep(100)
  await report('before', host)
  const opening = openAll(host)
  const { more } = kind
  const sending = setInterval(() => open.forEach((socket) => more && socket.write(more)), 10_000)
  for (const end = Date.now() + SECONDS * 1000; Date.now() < end; await sleep(1000))
    await report(`${SECONDS - Math.round((end - Date.now()) / 1000)} s`, host)
  clearInterval(sending)
  await opening
  console.log('responses', statusCodes)
  for (const socket of open) socket.resetAndDestroy()
  await sleep(5000)
  await report('after', host)
} finally {
  await docker('rm', '--force', container)
}

async function openAll(host: string): Promise<void> {
  for (let opened = 1; opened <= CONNECTIONS; opened++) {
    const socket = connect(80, host).on('error', () => {})
    socket.once('connect', () => open.add(socket)).once('close', () => open.delete(socket))
    if (kind?.send) socket.write(kind.send)
    if (kind?.reads) socket.once('data', countStatusCode).resume()
    else socket.pause()
    if (opened % 50 === 0) await sleep(10)
  }
}

function countStatusCode(data: Buffer): void {
  const code = data.toString('latin1').slice(9, 12)
  statusCodes[code] = (statusCodes[code] ?? 0) + 1
}

/** The status code and duration of a health probe, on a connection of its own. */
async function probe(host: string): Promise<string> {
  const began = performance.now()
  const response = await fetch(`http://${host}/healthz`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(5000),
  }).catch(() => undefined)
  return response ? `${response.status} in ${Math.round(performance.now() - began)} ms` : 'no response'
}

async function report(when: string, host: string): Promise<void> {
  const memory = await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', container)
  console.log(`${when}: ${open.size} open, ${memory}, probe ${await probe(host)}`)
}

async function docker(...args: string[]): Promise<string> {
  return (await promisify(execFile)('docker', args)).stdout.trim()
}
