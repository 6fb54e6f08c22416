import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { openLedger } from '@dockercoins/ledger'
import { freePorts } from '@dockercoins/testing/free-ports'
import { temporaryFolder } from '@dockercoins/testing/ledger-file'

import { planLocal } from './plan.ts'
import { checkPorts, prepareFolder } from './prepare.ts'

test('free ports pass, twice', async () => {
  const plan = planLocal({ port: await freePorts(4) }, {})
  await checkPorts(plan)
  await checkPorts(plan)
})

test('a taken port is named, with the service that wanted it and what to do', async (t) => {
  const base = await freePorts(4)
  const server = createServer().listen(base + 1)
  t.after(() => server.close())
  await once(server, 'listening')
  const plan = planLocal({ port: base }, {})
  await assert.rejects(checkPorts(plan), {
    message:
      `port ${base + 1} is taken, and rng-1 wants it: ` +
      `end what holds it, or choose other ports: npm start -- --port ${base + 100}`,
    exitCode: 1,
  })
})

test('the port of a process that runs is not checked', async (t) => {
  const base = await freePorts(4)
  const server = createServer().listen(base + 1)
  t.after(() => server.close())
  await once(server, 'listening')
  const plan = planLocal({ port: base }, {})
  await checkPorts(
    plan,
    plan.processes.filter(({ port }) => port === base + 1),
  )
})

test('an address that this machine does not have is named', async () => {
  const plan = planLocal({ port: await freePorts(4) }, { HOST: '192.0.2.1' })
  await assert.rejects(checkPorts(plan), /cannot listen on 192\.0\.2\.1, port \d+ \(EADDRNOTAVAIL\), .*: set HOST/)
})

async function makeLedger(t: TestContext) {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'ledger.db')
  const ledger = await openLedger({ ledgerUrl: `file:${file}`, keyPrefix: '' })
  return { folder, file, ledger }
}

test('a ledger stays unless it is to be fresh, and is then removed', async (t) => {
  const { folder, file, ledger } = await makeLedger(t)
  await ledger.close()
  await prepareFolder(folder, false)
  assert.ok(existsSync(file))
  await prepareFolder(folder, true)
  assert.ok(!existsSync(file))
  await prepareFolder(folder, true)
})

test('a ledger that another copy uses is not removed', async (t) => {
  const { folder, file, ledger } = await makeLedger(t)
  await assert.rejects(prepareFolder(folder, true), {
    message: `--fresh: cannot remove ${file} (database is locked): stop what uses it`,
    exitCode: 1,
  })
  assert.equal((await ledger.totals()).hashes, 0)
  await ledger.close()
})

test('a file that is no ledger is not removed', async (t) => {
  const { folder, file, ledger } = await makeLedger(t)
  await ledger.close()
  await writeFile(file, 'the only copy of my novel'.repeat(100))
  await assert.rejects(prepareFolder(folder, true), /cannot remove .* \(file is not a database\)/)
  assert.ok(existsSync(file))
})

test('a data folder that cannot be made is named', async () => {
  await assert.rejects(
    prepareFolder('/dev/null/x', false),
    /cannot make the data folder \/dev\/null\/x .*: choose another/,
  )
})
