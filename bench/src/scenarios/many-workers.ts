import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

import { startService } from '../application.ts'
import type { Bench, Scenario } from '../bench.ts'
import { killAll, start, type Usage } from '../processes.ts'

const COUNTS = [10, 100, 1000, 5000]
/** One process would be too busy to measure how long recording takes. */
const WORKERS_PER_PROCESS = 1250
const WORKERS_PER_REPLICA = 10
/** Compilers, connections and the first entries of all workers. */
const WARM_UP_MS = 12_000

export const manyWorkers: Scenario = {
  about: 'what 10 to 5,000 simulated workers cost the web UI and Redis, and how long an entry takes',
  async run(bench) {
    // A file is for the processes of one machine.
    if (bench.ledgerUrl.startsWith('file:')) return
    for (const count of COUNTS) await measureWorkers(bench, count)
  },
}

async function measureWorkers({ ledgerUrl, seconds, add }: Bench, count: number): Promise<void> {
  const env = { LEDGER_URL: ledgerUrl, KEY_PREFIX: `bench-${process.pid}-${count}-${Date.now()}:` }
  const webui = await startService('webui', env)
  const processes = Math.ceil(count / WORKERS_PER_PROCESS)
  const WORKERS = `${count / processes}`
  const REPLICAS = `${count / WORKERS_PER_REPLICA}`
  const workers = Array.from({ length: processes }, () =>
    start('workers', join(import.meta.dirname, '../simulated-workers.ts'), { ...env, WORKERS, REPLICAS }),
  )
  const viewer = new AbortController()
  const snapshots = readEvents(`${webui.url}/events`, viewer.signal)
  await sleep(WARM_UP_MS)
  const before = await read()
  await sleep(seconds * 1000)
  const after = await read()
  viewer.abort()

  const took = (after.at - before.at) / 1000
  const name = `${count.toLocaleString('en')} workers`
  const sorted = after.latencies.toSorted((a, b) => a - b)
  const part = (of: number) => sorted[Math.floor(of * sorted.length)] ?? 0
  add(`${name}: web UI`, 'ms per second', (after.webuiMs - before.webuiMs) / took)
  add(`${name}: Redis`, 'ms per second', (after.redisMs - before.redisMs) / took)
  add(`${name}: workers`, 'ms per second', (after.workersMs - before.workersMs) / took)
  add(`${name}: entries`, 'per second', sorted.length / took)
  add(`${name}: record, median`, 'ms', part(0.5))
  add(`${name}: record, p99`, 'ms', part(0.99))
  add(`${name}: snapshot`, 'bytes', (await snapshots).at(-1) ?? 0)
  await killAll()

  async function read() {
    const usages = await Promise.all([webui, ...workers].map(({ ask }) => ask<Usage>('usage')))
    const [webuiMs = 0, ...workersMs] = usages.map(({ cpuMicros }) => cpuMicros / 1000)
    const latencies = await Promise.all(workers.map(({ ask }) => ask<number[]>('latencies')))
    const redisMs = await readRedisMs(ledgerUrl)
    return { at: performance.now(), webuiMs, redisMs, workersMs: sum(workersMs), latencies: latencies.flat() }
  }
}

/** The bytes of each event of a snapshot until `signal` aborts. */
async function readEvents(url: string, signal: AbortSignal): Promise<number[]> {
  const response = await fetch(url, { signal })
  const bytes: number[] = []
  let event = ''
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (event + chunk).split('\n\n')
      event = events.pop() ?? ''
      bytes.push(...events.filter((each) => each.startsWith('event: snapshot')).map((each) => Buffer.byteLength(each)))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return bytes
}

/** Processor time of Redis since its start. */
async function readRedisMs(url: string): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.write('INFO cpu\r\nQUIT\r\n')
  const info = await text(socket)
  return sum(Array.from(info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm), ([, seconds]) => Number(seconds) * 1000))
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
