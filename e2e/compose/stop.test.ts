import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { until, within } from '@dockercoins/testing'
import { docker, down, STOP_TIMEOUT_S } from '@dockercoins/testing/compose-stack'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const anyPorts = { WEBUI_PORT: '0', RNG_PORT: '0', HASHER_PORT: '0' }

/** Runs `docker compose` on `project` and resolves when it has ended. */
async function compose(project: string, ...args: string[]): Promise<void> {
  const env = { ...process.env, ...anyPorts, COMPOSE_PROJECT_NAME: project }
  const child = spawn('docker', ['compose', '--progress', 'quiet', ...args], { cwd: repository, env, stdio: 'ignore' })
  await within(`docker compose ${args.join(' ')} to exit`, once(child, 'exit'))
}

/** It exited with 0, or the signal ended it before it had loaded anything. */
async function assertStopped(container: string, when?: string): Promise<void> {
  const [code, lines] = await Promise.all([
    docker('inspect', '--format', '{{.State.ExitCode}}', container),
    docker('logs', container),
  ])
  assert.match(code, lines === '' ? /^(0|143)$/ : /^0$/, when)
}

test('an application that is stopped as soon as it is started stops at once, and nothing is killed', async (t) => {
  const project = `dockercoins-${randomUUID().slice(0, 8)}`
  t.after(() => down(project, '--volumes'))
  for (let round = 0; round < 5; round++) {
    await compose(project, 'up', '--detach')
    const containers = (await docker('compose', '--project-name', project, 'ps', '--all', '--quiet')).split('\n')
    assert.equal(containers.length, 5)
    await Promise.all(containers.map(untilInitRuns))
    await compose(project, 'stop', '--timeout', STOP_TIMEOUT_S)
    await Promise.all(containers.map((container) => assertStopped(container)))
    await down(project, '--volumes')
  }
})

/** The first process of a container loses a signal that comes before it handles any, so the init too. */
function untilInitRuns(container: string): Promise<string> {
  return until('the init to start the service', () => docker('top', container), hasTwoProcesses)
}

function hasTwoProcesses(table: string): boolean {
  return table.split('\n').length > 2
}

for (const service of ['rng', 'hasher', 'worker', 'webui']) {
  test(`${service} behind an init stops at once, whenever the signal comes`, async (t) => {
    const containers: string[] = []
    t.after(() => docker('rm', '--force', ...containers))
    for (const ms of [0, 50, 100, 150, 200, 300]) {
      const container = await docker('run', '--init', '--detach', `dockercoins/${service}`)
      containers.push(container)
      await untilInitRuns(container)
      await sleep(ms) // the moment of the signal
      await docker('stop', '--time', STOP_TIMEOUT_S, container)
      await assertStopped(container, `${ms} ms after the start`)
    }
  })
}
