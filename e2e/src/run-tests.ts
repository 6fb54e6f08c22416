import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { hasBrowser, NO_BROWSER } from '@dockercoins/testing/browser'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'

// What `npm test` runs: every test of the repository, one file after the other, for they start many processes.
const repository = fileURLToPath(new URL('../..', import.meta.url))
// Those in e2e/compose need Docker: npm run test:compose.
const files = ['packages', 'services', 'local', 'bench', 'e2e/src'].map((folder) => `${folder}/**/*.test.ts`)
// A test that hangs fails after so long, and its file ends although what the test started still runs: that ends with it.
const limits = ['--test-timeout=180000', '--test-force-exit']
process.exitCode = (await runNode(['--test', '--test-concurrency=1', ...limits, ...files])) || (await testBundles())

const frame = '*'.repeat(80)
if (!hasRedisServer()) console.error(`\n${frame}\nTESTS THAT NEED A REDIS WERE SKIPPED: ${NO_REDIS}.\n${frame}`)
if (!hasBrowser()) console.error(`\n${frame}\nTESTS IN A BROWSER WERE SKIPPED: ${NO_BROWSER}.\n${frame}`)

/** Runs node in the repository; resolves to its exit code. */
async function runNode(args: string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: repository, stdio: 'inherit', env: { ...process.env, ...env } })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode ?? 1
}

/** Builds the bundles that the images contain, and tests the whole application with them. Resolves to an exit code. */
async function testBundles(): Promise<number> {
  const services = ['rng', 'hasher', 'worker', 'webui']
  try {
    for (const service of services) {
      const exitCode = await runNode(['images/bundle.ts', service])
      if (exitCode > 0) return exitCode
    }
    return await runNode(['--test', ...limits, 'e2e/src/application.test.ts'], { STACK: 'bundle' })
  } finally {
    for (const service of services) await rm(`${repository}services/${service}/dist`, { recursive: true, force: true })
  }
}
