import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'

const usage = `node run.cjs bench/src/hostile.ts SERVICE KIND [--image IMAGE] [--connections 10000] [--seconds 90]

Starts the image of SERVICE (rng, hasher, webui, worker) with the limits of compose.yaml, opens that many connections of
one KIND to it, and prints each second how many are open, the memory of the container, and how long a health probe took.
It needs Docker on Linux and \`ulimit -n\` above the number of connections.

  silent       sends nothing
  partial      sends half a request line
  keep-alive   sends one request and stays
  slow-body    sends a body, one byte each ten seconds
  slow-reader  asks for a large response and reads none of it
  events       asks for the dashboard's events and reads them
  unread       asks for the dashboard's events and reads none`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    image: { type: 'string' },
    connections: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '90' },
  },
})
const [service = '', kind = ''] = positionals

const largest: Record<string, string> = { rng: '/33554432', webui: '/history?seconds=3600' }
const path = service === 'hasher' ? '/batch' : '/'
const head = (method: string, target: string) => `${method} ${target} HTTP/1.1\r\nhost: ${service}\r\n`
const kinds: Record<string, { send?: string; more?: string; reads: boolean }> = {
  silent: { reads: true },
  partial: { send: 'GET / HT', reads: true },
  'keep-alive': { send: `${head('GET', '/healthz')}\r\n`, reads: true },
  'slow-body': { send: `${head('POST', path)}content-length: 32000\r\n\r\n`, more: 'x', reads: true },
  'slow-reader': { send: `${head('GET', largest[service] ?? '/metrics')}accept-encoding: br\r\n\r\n`, reads: false },
  events: { send: `${head('GET', '/events')}\r\n`, reads: true },
  unread: { send: `${head('GET', '/events')}\r\n`, reads: false },
}

const chosen = kinds[kind]
if (!chosen || !['rng', 'hasher', 'webui', 'worker'].includes(service)) {
  console.error(usage)
  process.exit(64)
}

const docker = (...options: string[]) => execFileSync('docker', options, { encoding: 'utf8' }).trim()
const image = values.image ?? `dockercoins/${service}:latest`
const limits = ['--memory', '256m', '--read-only', '--cap-drop', 'ALL', '--pids-limit', '64', '--tmpfs', '/tmp']
const ledger = ['REDIS_URL=file:/tmp/ledger.db', 'LEDGER_URL=file:/tmp/ledger.db'].flatMap((pair) => ['--env', pair])
const container = docker('run', '--detach', '--rm', ...limits, ...ledger, '--env', 'DELAY_MS=0', image)
try {
  await attack(docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container))
} finally {
  docker('rm', '--force', container)
}
process.exit()

async function attack(host: string): Promise<void> {
  while ((await probe(host)) === 'no response') await sleep(100)
  const statuses = new Map<string, number>()
  const open = new Set<Socket>()
  const count = Number(values.connections)
  const began = performance.now()
  await report('before', host, open.size)
  void openAll(host, count, open, statuses)
  for (let second = 0; second < Number(values.seconds); second++) {
    await sleep(1000)
    if (chosen?.more && second % 10 === 9) for (const socket of open) socket.write(chosen.more)
    await report(`${Math.round((performance.now() - began) / 1000)} s`, host, open.size)
  }
  console.log('responses', Object.fromEntries(statuses))
  for (const socket of open) socket.resetAndDestroy()
  await sleep(5000)
  await report('after', host, 0)
}

async function openAll(host: string, count: number, open: Set<Socket>, statuses: Map<string, number>): Promise<void> {
  for (let opened = 0; opened < count; opened++) {
    const socket = connect(80, host)
    socket.on('error', () => {})
    socket.once('connect', () => open.add(socket))
    socket.once('close', () => open.delete(socket))
    if (chosen?.send) socket.write(chosen.send)
    if (chosen?.reads) {
      socket.once('data', (data: Buffer) => {
        const status = data.toString('latin1').slice(9, 12)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      })
    } else socket.pause()
    if (opened % 50 === 49) await sleep(10)
  }
}

/** The status and time of a health probe on a connection of its own. */
async function probe(host: string): Promise<string> {
  const began = performance.now()
  const request = get({
    host,
    port: 80,
    path: service === 'worker' ? '/healthz' : '/readyz',
    agent: false,
    timeout: 5000,
  })
  request.once('timeout', () => request.destroy())
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    return `${response.statusCode} in ${Math.round(performance.now() - began)} ms`
  } catch {
    return 'no response'
  }
}

async function report(when: string, host: string, open: number): Promise<void> {
  const probed = await probe(host)
  const stats = ['stats', '--no-stream', '--format', '{{.MemUsage}}', container]
  const memory = (await promisify(execFile)('docker', stats)).stdout.trim()
  console.log(`${when}: ${open} open, ${memory}, probe ${probed}`)
}
