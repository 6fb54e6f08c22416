import { spawn, type ChildProcess } from 'node:child_process'

import type { Output } from './output.ts'
import type { ProcessPlan } from './plan.ts'
import { waitUntilReady } from './readiness.ts'

/** A process that is started again whenever it dies, until it is told to stop. */
export interface KeptProcess {
  name: string
  /** Absent between a death and the next start. */
  pid(): number | undefined
  /** Resolves to true when it first is able to serve, to false when it was stopped before that. */
  ready: Promise<boolean>
  /** Resolves when it was stopped and has left, to whether it did so without an error. */
  gone: Promise<boolean>
  /** Asks it to leave and starts it again at once. */
  restart(): void
  /** Asks it, once, to leave. */
  stop(): void
  /** Ends it at once, with all that it started. Returns whether there was anything to end. */
  kill(): boolean
}

/** Exit code of a service whose configuration is not valid (EX_CONFIG of sysexits.h): to start it again would not help. */
const MISCONFIGURED = 78
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000
/** After this long alive a process is healthy again, and its next death is a first one. */
const HEALTHY_AFTER_MS = 10_000

/** Starts a process and keeps it running. `onMisconfigured` is called when it refuses its configuration; it then stays down. */
export function keepRunning(plan: ProcessPlan, output: Output, onMisconfigured: (name: string) => void): KeptProcess {
  const { name, startAfterMs } = plan
  const stopping = new AbortController()
  const { promise: gone, resolve: leave } = Promise.withResolvers<boolean>()
  let child: ChildProcess | undefined
  let nextStart = startAfterMs === undefined ? undefined : setTimeout(start, startAfterMs)
  let isRestarting = false
  let pauseMs = FIRST_PAUSE_MS
  if (!nextStart) start()

  return {
    name,
    pid: () => child?.pid,
    ready: waitUntilReady(`${plan.url}/readyz`, stopping.signal),
    gone,
    restart() {
      if (stopping.signal.aborted || isRestarting) return
      clearTimeout(nextStart)
      if (!child) return start()
      isRestarting = true
      child.kill('SIGTERM')
    },
    stop() {
      if (stopping.signal.aborted) return
      stopping.abort()
      clearTimeout(nextStart)
      // Not its group: the service itself ends what it started, such as a bundler at work.
      if (child) child.kill('SIGTERM')
      else leave(true)
    },
    kill: () => child !== undefined && signalGroup(child, 'SIGKILL'),
  }

  function start(): void {
    const startedAt = performance.now()
    child = startProcess(plan, output, (how, code) => {
      child = undefined
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) pauseMs = FIRST_PAUSE_MS
      afterDeath(how, code)
    })
  }

  function afterDeath(how: string, code: number | null): void {
    if (stopping.signal.aborted) {
      if (code) output.say(`${name} ${how} while it stopped`)
      leave(!code)
    } else if (isRestarting) {
      isRestarting = false
      start()
    } else if (code === MISCONFIGURED) {
      stopping.abort()
      leave(false)
      onMisconfigured(name)
    } else {
      output.say(`${name} ${how}: starts again in ${pauseMs / 1000} s`)
      nextStart = setTimeout(start, pauseMs)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }
}

const stopWithRunner = import.meta.resolve('./stop-with-runner.ts')
/** As in the images, so that fifty workers fit into a laptop's memory. */
const nodeOptions = [
  '--max-semi-space-size=4',
  '--max-old-space-size=128',
  '--no-maglev',
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  '--disable-sigusr1',
]
const allocator = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }

function startProcess(
  { name, entry, env }: ProcessPlan,
  output: Output,
  onDeath: (how: string, code: number | null) => void,
): ChildProcess {
  const child = spawn(process.execPath, [...nodeOptions, '--import', stopWithRunner, entry], {
    env: { ...allocator, ...env },
    // Its own process group: what a terminal sends on ^C reaches the runner alone, which then asks each child once.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let dead = false
  const die = (how: string, code: number | null) => {
    if (!dead) onDeath(how, code)
    dead = true
  }
  for (const stream of [child.stdout, child.stderr]) if (stream) output.follow(name, stream)
  child.on('error', (error) => die(`could not be run (${error.message})`, null))
  // What it started and left behind goes too, and with it the last that could hold the pipes open.
  child.on('exit', () => signalGroup(child, 'SIGKILL'))
  // By 'close' its last lines are printed, which often say why.
  child.on('close', (code, signal) => die(signal ? `was ended by ${signal}` : `ended with exit code ${code}`, code))
  return child
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
  // 0 and 1 would be our own group and everybody.
  if (pid === undefined || pid <= 1) return false
  try {
    return process.kill(-pid, signal)
  } catch {
    return false // gone already
  }
}
