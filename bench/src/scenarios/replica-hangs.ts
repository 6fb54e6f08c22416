import { setTimeout as sleep } from 'node:timers/promises'

import { startApplication, untilReady, type Application } from '../application.ts'
import type { Bench, Scenario } from '../scenario.ts'

/** A replica that hangs must cost no more than its own share this long after it began to hang. */
const SETTLED_MS = 10_000
const RECOVERY_MS = 60_000

export const replicaHangs: Scenario = {
  about: 'the speed, with delays as they are by default, while one of three rng or hasher is stopped with SIGSTOP',
  onDemand: true,
  async run(bench) {
    for (const service of ['rng', 'hasher'] as const) {
      for (const loops of [1, 16]) await measureHang(bench, service, loops)
    }
    await measureFullQueue(bench)
  },
}

async function measureHang(bench: Bench, service: 'rng' | 'hasher', loops: number): Promise<void> {
  const { processes, add, seconds } = bench
  const start = (replicas: number) => startSlow(bench, { LOOPS: `${loops}` }, { [service]: replicas })
  const name = (what: string) => `${service}, ${loops} ${loops === 1 ? 'loop' : 'loops'}, ${what}`

  const two = await speedOf(await start(2), seconds)
  add(name('two replicas'), 'hashes/s', two)
  await processes.stopAll()

  const application = await start(3)
  add(name('three replicas'), 'hashes/s', await speedOf(application, seconds))
  const hanging = application.processes.find((started) => started.service === service)!
  process.kill(hanging.pid, 'SIGSTOP')
  await sleep(SETTLED_MS)
  const hung = await speedOf(application, seconds)
  add(name('one of three hangs'), 'hashes/s', hung)
  add(name('one of three hangs'), '× two replicas', hung / two, { atLeast: 0.8 })

  process.kill(hanging.pid, 'SIGCONT')
  add(name('recovered after'), 's', await secondsUntilRecovered(application))
  add(name('lines lost'), 'lines', linesOf(application, /is lost/))
  await application.stopAndProve()
  await processes.stopAll()
}

/** Back-pressure: ten loops at an rng that lets two requests wait. */
async function measureFullQueue(bench: Bench): Promise<void> {
  const application = await startSlow(bench, { LOOPS: '10', MAX_QUEUE: '2' })
  const [worker] = application.processes
  let asked = 0
  let ready = 0
  const asking = setInterval(async () => {
    asked++
    if ((await fetch(`${worker!.url}/readyz`)).ok) ready++
  }, 250)
  const speed = await speedOf(application, bench.seconds)
  clearInterval(asking)
  bench.add('ten loops, MAX_QUEUE=2', 'hashes/s', speed)
  bench.add('ten loops, MAX_QUEUE=2', '× ready', ready / asked, { atLeast: 1 })
  bench.add('ten loops, MAX_QUEUE=2, lines lost', 'lines', linesOf(application, /is lost/), { atMost: 0 })
  await application.stopAndProve()
  await bench.processes.stopAll()
}

async function startSlow(bench: Bench, env: Record<string, string>, scale = {}): Promise<Application> {
  const { processes, redisUrl = `file:${processes.folder}/ledger.db` } = bench
  const application = await startApplication(processes, {
    ledgerUrl: redisUrl,
    env: { DELAY_MS: '100', ...env },
    scale,
  })
  await untilReady(`${application.processes[0]!.url}/readyz`)
  await sleep(1000)
  return application
}

async function speedOf({ hashes }: Application, seconds: number): Promise<number> {
  const [before, began] = [await hashes(), performance.now()]
  await sleep(seconds * 1000)
  return ((await hashes()) - before) / ((performance.now() - began) / 1000)
}

async function secondsUntilRecovered(application: Application): Promise<number> {
  const began = performance.now()
  while (linesOf(application, /recovered/) === 0) {
    if (performance.now() - began > RECOVERY_MS) throw new Error('expected the replica to recover within a minute')
    await sleep(50)
  }
  return (performance.now() - began) / 1000
}

function linesOf({ processes: [worker] }: Application, pattern: RegExp): number {
  return worker!
    .log()
    .split('\n')
    .filter((line) => pattern.test(line)).length
}
