import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { temporaryFolder } from '@dockercoins/testing/ledger-file'

const run = promisify(execFile)

test('a ledger in a file loads no Redis client, one in Redis loads no SQLite, and neither prints a warning', async (t) => {
  const folder = await temporaryFolder(t)
  assert.deepEqual(await modulesOf(`file:${join(folder, 'ledger.db')}`), { redis: false, sqlite: true })
  assert.deepEqual(await modulesOf('redis://127.0.0.1:1'), { redis: true, sqlite: false })
})

/** Which of the two a process loads that opens this ledger. */
async function modulesOf(ledgerUrl: string): Promise<unknown> {
  const script = `import { createRequire } from 'node:module'
    import { openLedger } from ${JSON.stringify(import.meta.resolve('./index.ts'))}
    const ledger = await openLedger({ ledgerUrl: ${JSON.stringify(ledgerUrl)}, keyPrefix: '' })
    const redis = Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('@redis'))
    const sqlite = process.moduleLoadList.includes('NativeModule sqlite')
    console.log(JSON.stringify({ redis, sqlite }))
    await ledger.close()`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script])
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}
