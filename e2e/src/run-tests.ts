import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { hasRedisServer, NO_REDIS } from '@dockercoins/ledger/redis-server'

import { hasBrowser, NO_BROWSER } from './browser.ts'

// What `npm test` runs: every test of the repository, one file after the other, for they start many processes.
const repository = fileURLToPath(new URL('../..', import.meta.url))
// Those in e2e/compose need Docker: npm run test:compose.
const files = ['packages', 'services', 'local', 'bench', 'e2e/src'].map((folder) => `${folder}/**/*.test.ts`)
const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', ...files], {
  cwd: repository,
  stdio: 'inherit',
})
const [exitCode] = (await once(tests, 'exit')) as [number | null]
process.exitCode = exitCode ?? 1

const frame = '*'.repeat(80)
if (!hasRedisServer()) console.error(`\n${frame}\nTESTS THAT NEED A REDIS WERE SKIPPED: ${NO_REDIS}.\n${frame}`)
if (!hasBrowser()) console.error(`\n${frame}\nTESTS IN A BROWSER WERE SKIPPED: ${NO_BROWSER}.\n${frame}`)
