import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { hasBrowser, NO_BROWSER } from '@dockercoins/testing/browser'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'

// node run.cjs e2e/run-tests.ts SUITE: what `npm test` and the scripts `test:…` run.

interface Options {
  /** Files that run at the same time. Most of them wait most of the time. */
  concurrency: number
  timeoutMs: number
  env?: Record<string, string>
  /** Further options of Node. */
  node?: string[]
}

const repository = fileURLToPath(new URL('..', import.meta.url))
const unitTests = [
  ...['packages', 'services', 'local', 'bench'].map((folder) => `${folder}/**/*.test.ts`),
  'e2e/src/documentation.test.ts',
]
const fromSource = { concurrency: 4, timeoutMs: 180_000 }
const fromBundles = { concurrency: 3, timeoutMs: 180_000, env: { STACK: 'bundle' } }
const inContainers = { concurrency: 2, timeoutMs: 300_000, env: { STACK: 'compose' } }

const suites: Record<string, () => Promise<number>> = {
  unit: () => test(unitTests, fromSource),
  coverage: () => test(unitTests, { ...fromSource, node: coverageOf('{packages,services}/*/{src,page}/**') }),
  e2e: async () => (await bundle()) || test(['e2e/src/**/*.test.ts'], fromBundles),
  compose: async () =>
    (await run('docker', ['compose', '--progress', 'quiet', 'build'])) ||
    test(['e2e/src/{application,dashboard}.test.ts', 'e2e/compose/*.test.ts'], inContainers),
}

const [, , name = ''] = process.argv
const suite = suites[name]
if (!suite) throw new Error(`expected one of ${Object.keys(suites).join(', ')}, got "${name}"`)
process.exitCode = await suite()

const frame = '*'.repeat(80)
if (!hasRedisServer()) console.error(`\n${frame}\nTESTS THAT NEED A REDIS WERE SKIPPED: ${NO_REDIS}.\n${frame}`)
if (['e2e', 'compose'].includes(name) && !hasBrowser())
  console.error(`\n${frame}\nTESTS IN A BROWSER WERE SKIPPED: ${NO_BROWSER}.\n${frame}`)

/** Resolves to the exit code of the tests in `files`. */
function test(files: string[], { concurrency, timeoutMs, env = {}, node = [] }: Options): Promise<number> {
  // A test that hangs fails after so long, and its file then ends although what the test started still runs.
  const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, '--test-force-exit']
  return run(process.execPath, ['--test', ...limits, ...node, ...files], env)
}

function coverageOf(files: string): string[] {
  const left = ['**/*.test.ts', 'packages/testing/**'].map((glob) => `--test-coverage-exclude=${glob}`)
  return ['--experimental-test-coverage', `--test-coverage-include=${files}`, ...left]
}

/** Builds what the images contain. */
async function bundle(): Promise<number> {
  for (const service of ['rng', 'hasher', 'worker', 'webui']) {
    const exitCode = await run(process.execPath, ['bundle.ts', service])
    if (exitCode > 0) return exitCode
  }
  return 0
}

async function run(program: string, args: string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(program, args, { cwd: repository, stdio: 'inherit', env: { ...process.env, ...env } })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode ?? 1
}
