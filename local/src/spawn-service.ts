import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the order in which Compose's file, and so the ports, have them. */
export const serviceNames = ['webui', 'rng', 'hasher', 'worker'] as const
export type ServiceName = (typeof serviceNames)[number]

/** The folder of this clone. */
export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What the images set so that processes need little memory (docs/performance.md). */
export const imageVariables = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=128',
}
/** Further options of the images; NODE_OPTIONS does not accept these. */
export const imageOptions = ['--disable-sigusr1', '--no-maglev']

export interface SpawnOptions {
  service: ServiceName
  /** The whole environment, save for `imageVariables`, which it may override. */
  env: NodeJS.ProcessEnv
  /** Whether to run the bundle of the image in place of the source. */
  bundle?: boolean | undefined
  /** Another module to run in place of the service's own. */
  entry?: string | undefined
  /** Further options of Node. */
  nodeOptions?: string[]
  /** A command that runs the command that follows it, such as `['nice']`. */
  wrapper?: string[]
  /** Where its output goes: pipes, or the file of this descriptor. */
  output?: 'pipe' | number
}

const stopWithRunner = fileURLToPath(import.meta.resolve('./stop-with-runner.cjs'))

/** Starts a process as its image does. It exits when the process that called this does. */
export function spawnService(options: SpawnOptions): ChildProcess {
  const { service, env, bundle = false, nodeOptions = [], wrapper = [], output = 'pipe' } = options
  const folder = join(repository, 'services', service)
  const whileLoading = bundle ? ['--require', join(folder, 'dist', 'stop-while-loading.cjs')] : []
  const entry = options.entry ?? join(folder, bundle ? 'dist/main.mjs' : 'src/main.ts')
  const node = [process.execPath, ...whileLoading, '--require', stopWithRunner, ...imageOptions, ...nodeOptions, entry]
  const [program = '', ...args] = [...wrapper, ...node]
  return spawn(program, args, {
    env: { ...imageVariables, ...env },
    // Its own process group: ^C reaches the runner alone, which sends each child one SIGTERM.
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  })
}
