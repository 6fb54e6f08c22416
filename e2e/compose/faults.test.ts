import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { until } from '@dockercoins/testing'
import { docker, down, startComposeStack, type ComposeStack } from '@dockercoins/testing/compose-stack'
import { assertNothingLost, untilMore } from '@dockercoins/testing/counting'
import { assertBreaksRng } from '@dockercoins/testing/fault-command'
import { speedFrom, totals } from '@dockercoins/testing/figures'

const quick = { env: { DELAY_MS: '10', TIMEOUT_MS: '2000' } }

function untilWorkerLogs(stack: ComposeStack, pattern: RegExp): Promise<string[]> {
  return until(
    'a line of the worker',
    () => stack.lines('worker'),
    (lines) => lines.some((line) => pattern.test(line)),
  )
}

/** A busy machine does not always manage to freeze all threads of a container. */
function pause(container: string): Promise<string> {
  return until(`${container} to be frozen`, () => docker('pause', container))
}

test('an rng that stands still for 8 s costs nothing but the time', async (t) => {
  const stack = await startComposeStack(t, { scale: { worker: 10 } })
  await untilMore(stack)
  const [rng = ''] = await stack.containers('rng')
  await pause(rng)
  await sleep(8000) // longer than the worker's probes take, shorter than its deadline
  await docker('unpause', rng)
  await untilMore(stack)
  await assertNothingLost(stack)
})

test('while one rng of three hangs, the workers go on with the other two', async (t) => {
  const stack = await startComposeStack(t, { scale: { worker: 10, rng: 3 } })
  const { webui } = stack.urls
  const second = async () => Math.ceil((await totals(webui)).now)
  await untilMore(stack, 100)
  const three = await speedFrom(webui, await second())
  const [hanging = ''] = await stack.containers('rng')
  await pause(hanging)
  const two = await speedFrom(webui, (await second()) + 10)
  await docker('unpause', hanging)
  const speeds = `${three.toFixed(2)} hashes per second with three, ${two.toFixed(2)} while one hangs`
  // The benchmark has the exact share. Workers that waited for the one would make next to nothing.
  assert.ok(two >= three / 3, speeds)
  t.diagnostic(speeds)
  await until(
    'each worker to log that the rng has recovered',
    () => stack.lines('worker'),
    (lines) => lines.filter((line) => /rng .* recovered/.test(line)).length === 10,
  )
  await assertNothingLost(stack)
})

test('a hasher that loses its network is logged as lost once, and used again when it returns', async (t) => {
  const stack = await startComposeStack(t, quick)
  await untilMore(stack)
  const [hasher = ''] = await stack.containers('hasher')
  const network = await docker(
    'inspect',
    '--format',
    '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}',
    hasher,
  )
  await docker('network', 'disconnect', network, hasher)
  await untilWorkerLogs(stack, /hasher .* is lost/)
  await docker('network', 'connect', '--alias', 'hasher', network, hasher)
  await untilMore(stack)
  assert.equal((await stack.lines('worker')).filter((line) => line.includes('is lost')).length, 1)
  await assertNothingLost(stack)
})

test('the engine restarts a worker that was killed, and the ledger stays sound', async (t) => {
  const stack = await startComposeStack(t, quick)
  await untilMore(stack)
  const [worker = ''] = await stack.containers('worker')
  // As the kernel does when memory runs out. After `docker kill` the engine would not restart it.
  const pid = await docker('inspect', '--format', '{{.State.Pid}}', worker)
  await docker('run', '--rm', '--pid', 'host', '--user', 'root', 'redis:8', 'sh', '-c', `kill -KILL ${pid}`)
  await until(
    'the worker to be started again',
    () => docker('inspect', '--format', '{{.RestartCount}} {{.State.Running}}', worker),
    (state) => state === '1 true',
  )
  await untilMore(stack)
  assert.match(await stack.audit(), /sound/)
})

test('the counts outlive the containers', async (t) => {
  const stack = await startComposeStack(t, quick)
  await untilMore(stack)
  await stack.stop('worker', 'SIGTERM')
  const { hashes } = await totals(stack.urls.webui)
  await down(stack.project)
  await stack.compose('up', '--detach', '--scale', 'worker=0')
  const after = await until('an answer from /json', () => totals(stack.urls.webui))
  assert.equal(after.hashes, hashes)
})

test('npm run fault breaks all replicas of a service, and ends it', async (t) => {
  const stack = await startComposeStack(t, { scale: { rng: 2, worker: 0 }, variables: { FAULTS: 'allow' } })
  await assertBreaksRng(stack.urls.rng, ['--compose'], { COMPOSE_PROJECT_NAME: stack.project })
})
