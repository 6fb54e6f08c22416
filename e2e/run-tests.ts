import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { hasBrowser, NO_BROWSER } from '@dockercoins/testing/browser'
import { hasPrometheus, NO_PROMETHEUS } from '@dockercoins/testing/prometheus'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'

// node run.cjs e2e/run-tests.ts SUITE: what `npm test` and the scripts `test:…` run.

const repository = fileURLToPath(new URL('..', import.meta.url))

const suites: Record<string, () => Promise<number>> = {
  async unit() {
    const files = ['packages', 'services', 'local', 'bench', 'deploy'].map((folder) => `${folder}/**/*.test.ts`)
    const coverage = [
      '--experimental-test-coverage',
      '--test-coverage-include={packages,services}/*/{src,page}/**',
      '--test-coverage-exclude={packages/testing/**,**/*.test.ts}',
    ]
    return test(4, [...coverage, ...files, 'e2e/src/documentation.test.ts'])
  },
  async e2e() {
    for (const service of ['rng', 'hasher', 'worker', 'webui']) {
      const exitCode = await run(process.execPath, ['images/bundle.ts', service])
      if (exitCode > 0) return exitCode
    }
    // The page shows a steady speed only where nothing else takes the processors.
    const page = await test(1, ['e2e/src/dashboard.test.ts'], 'bundle')
    const others = await test(3, ['e2e/src/!(dashboard).test.ts'], 'bundle')
    return page || others
  },
  async compose() {
    const exitCode = await run('docker', ['compose', '--progress', 'quiet', 'build'])
    if (exitCode > 0) return exitCode
    // Builds and starts keep all processors busy, so nothing that shows a speed runs beside them.
    const builds = await test(2, ['e2e/compose/{images,registry}.test.ts'], 'compose')
    // Of the page, only what containers change: the commands that it advises, and containers that
    // go and return.
    const names = '--test-name-pattern=how to add more of it|recovers by itself'
    const page = await test(1, [names, 'e2e/src/dashboard.test.ts'], 'compose')
    const speeds = await test(1, ['e2e/compose/{scaling,tour}.test.ts'], 'compose')
    const others = ['e2e/src/application.test.ts', 'e2e/compose/!(images|registry|scaling|tour).test.ts']
    return (await test(3, others, 'compose')) || builds || page || speeds
  },
  async cluster() {
    // The cluster of the current kubectl context. Its nodes have or can pull the images
    // dockercoins/SERVICE:v0.1, dockercoins/worker:v0.2, redis:8 and those in deploy/autoscaling. PUSH
    // is a command that takes images to its nodes, if they cannot pull.
    const names = '--test-name-pattern=how to add more of it'
    const page = await test(1, [names, 'e2e/src/dashboard.test.ts'], 'cluster')
    const alone = await test(1, ['e2e/cluster/{documents,delivery}.test.ts'], 'cluster')
    // What is in e2e/src/application.test.ts is tried as processes and in containers.
    const others = await test(2, ['e2e/cluster/!(documents|delivery).test.ts'], 'cluster')
    return others || page || alone
  },
}

const [, , name = ''] = process.argv
const suite = suites[name]
if (!suite) throw new Error(`expected one of ${Object.keys(suites).join(', ')}, got "${name}"`)
process.exitCode = await suite()

const frame = '*'.repeat(80)
if (!hasRedisServer()) console.error(`\n${frame}\nTESTS THAT NEED A REDIS WERE SKIPPED: ${NO_REDIS}.\n${frame}`)
if (!hasPrometheus()) console.error(`\n${frame}\nTESTS THAT NEED PROMETHEUS WERE SKIPPED: ${NO_PROMETHEUS}.\n${frame}`)
if (name !== 'unit' && !hasBrowser())
  console.error(`\n${frame}\nTESTS IN A BROWSER WERE SKIPPED: ${NO_BROWSER}.\n${frame}`)

/**
 * Runs `concurrency` files of tests at the same time, because most of them wait most of the time.
 * Resolves to an exit code.
 */
function test(concurrency: number, args: string[], STACK?: 'bundle' | 'compose' | 'cluster'): Promise<number> {
  // A test that hangs fails after so long, and its file then ends although what the test started
  // still runs.
  const limits = [
    `--test-timeout=${STACK === 'compose' || STACK === 'cluster' ? 300_000 : 180_000}`,
    '--test-force-exit',
    '--import=@dockercoins/testing/test-process',
  ]
  const env = STACK && { STACK }
  return run(process.execPath, ['--test', `--test-concurrency=${concurrency}`, ...limits, ...args], env)
}

async function run(program: string, args: string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(program, args, { cwd: repository, stdio: 'inherit', env: { ...process.env, ...env } })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode ?? 1
}
