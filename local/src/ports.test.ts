import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'

import { freePorts } from '@dockercoins/testing/free-ports'

import { planLocal } from './plan.ts'
import { checkPorts } from './ports.ts'

test('free ports pass, twice', async () => {
  const plan = planLocal({ port: await freePorts(4) }, {}, false)
  await checkPorts(plan)
  await checkPorts(plan)
})

test('a taken port is named, with the service that wanted it and what to do', async (t) => {
  const base = await freePorts(4)
  const server = createServer().listen(base + 1)
  t.after(() => server.close())
  await once(server, 'listening')
  await assert.rejects(checkPorts(planLocal({ port: base }, {}, false)), {
    message:
      `port ${base + 1} is taken, and rng-1 wants it: ` +
      `end what holds it, or choose other ports: npm start -- --port ${base + 100}`,
    exitCode: 1,
  })
})

test('an address that this machine does not have is named', async () => {
  const plan = planLocal({ port: await freePorts(4) }, { HOST: '192.0.2.1' }, false)
  await assert.rejects(checkPorts(plan), /cannot listen on 192\.0\.2\.1, port \d+ \(EADDRNOTAVAIL\), .*: set HOST/)
})
