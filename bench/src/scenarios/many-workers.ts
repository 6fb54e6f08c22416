import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

import { readEvents } from '@dockercoins/testing/read-events'

import { startService, sum } from '../application.ts'
import type { Bench, Scenario } from '../bench.ts'
import { killAll, start } from '../processes.ts'

const COUNTS = [10, 100, 1000, 5000]
/** One process would be too busy to measure how long recording takes. */
const WORKERS_PER_PROCESS = 500
const WORKERS_PER_REPLICA = 10
/** Compilers, connections and the first entries of all workers. */
const WARM_UP_MS = 20_000

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
  const command = [process.execPath, join(import.meta.dirname, '../simulated-workers.ts')]
  const workers = Array.from({ length: processes }, () => start('workers', command, { ...env, WORKERS, REPLICAS }))
  let isMeasured = false
  const events = readEvents(`${webui.url}/events`, () => isMeasured)
  await sleep(WARM_UP_MS)
  const before = await read()
  await sleep(seconds * 1000)
  const after = await read()
  isMeasured = true
  const snapshot = (await events).split('\n\n').findLast((event) => event.startsWith('event: snapshot')) ?? ''

  const took = (after.at - before.at) / 1000
  const name = `${count.toLocaleString('en')} workers`
  const latencies = after.latencies.flatMap((ofProcess, index) => ofProcess.slice(before.latencies[index]!.length))
  latencies.sort((a, b) => a - b)
  const part = (of: number) => latencies[Math.floor(of * latencies.length)] ?? 0
  const redisMs = after.redisMs - before.redisMs
  add(`${name}: web UI`, 'ms per second', (after.webuiMs - before.webuiMs) / took)
  add(`${name}: snapshot`, 'bytes', Buffer.byteLength(snapshot))
  add(`${name}: Redis`, 'ms per second', redisMs / took)
  add(`${name}: Redis`, 'µs per entry', (redisMs * 1000) / latencies.length)
  add(`${name}: simulator`, 'ms per second', (after.workersMs - before.workersMs) / took)
  add(`${name}: entries`, 'per second', latencies.length / took)
  add(`${name}: record, median`, 'ms', part(0.5))
  add(`${name}: record, p99`, 'ms', part(0.99))
  await killAll()

  async function read() {
    return {
      at: performance.now(),
      webuiMs: webui.usage().cpuMicros / 1000,
      workersMs: sum(workers.map(({ usage }) => usage().cpuMicros / 1000)),
      redisMs: await readRedisMs(ledgerUrl),
      latencies: workers.map(({ log }) => log().split('\n').slice(0, -1).map(Number)),
    }
  }
}

/** Processor time of Redis since its start. */
async function readRedisMs(url: string): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.write('INFO cpu\r\nQUIT\r\n')
  const info = await text(socket)
  return sum(Array.from(info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm), ([, seconds]) => Number(seconds) * 1000))
}
