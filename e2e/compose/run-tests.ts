import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

// What `npm run test:compose` runs: builds the images, then the tests of the whole application against containers, and
// those of what only containers have.
const cwd = fileURLToPath(new URL('../..', import.meta.url))
const files = ['e2e/src/application.test.ts', 'e2e/src/dashboard*.test.ts', 'e2e/compose/*.test.ts']

async function run(program: string, args: string[]): Promise<number> {
  const child = spawn(program, args, { cwd, stdio: 'inherit', env: { ...process.env, STACK: 'compose' } })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode ?? 1
}

process.exitCode =
  (await run('docker', ['compose', '--progress', 'quiet', 'build'])) ||
  (await run(process.execPath, [
    '--test',
    '--test-concurrency=1',
    '--test-timeout=300000',
    '--test-force-exit',
    ...files,
  ]))
