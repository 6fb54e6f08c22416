import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'

import { temporaryFolder } from '@dockercoins/testing/ledger-file'

test('a short run measures for real, and leaves nothing behind', async (t) => {
  // A folder of its own, as other runs on this machine leave and remove files, too.
  const TMPDIR = await temporaryFolder(t)
  const main = join(import.meta.dirname, 'main.ts')
  const options = ['--runs', '1', '--seconds', '0.2', '--only', 'batches', '--json']
  const bench = spawn(process.execPath, [main, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR },
  })
  const [output, errors, [exitCode]] = await Promise.all([text(bench.stdout), text(bench.stderr), once(bench, 'exit')])
  assert.equal(exitCode, 0, errors)
  const { results } = JSON.parse(output) as { results: { scenario: string; unit: string; median: number }[] }
  const speeds = results.filter(({ unit }) => unit === 'hashes/s')
  assert.equal(speeds.length, 1)
  // Processor time is counted in steps of 10 ms, and a process may have had less.
  for (const { unit, median } of results) assert.ok(median > 0 || (unit === 'µs per hash' && median === 0))
  assert.deepEqual(
    (await readdir(TMPDIR)).filter((name) => name.startsWith('dockercoins-')),
    [],
  )
})
