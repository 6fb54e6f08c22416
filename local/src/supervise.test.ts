import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { freePorts } from '@dockercoins/testing/free-ports'
import { createTranscript } from '@dockercoins/testing/transcript'

import { createOutput } from './output.ts'
import type { ProcessPlan } from './plan.ts'
import { repository } from './spawn-service.ts'
import { supervise } from './supervise.ts'

const entry = fileURLToPath(import.meta.resolve('@dockercoins/testing/stand-in-service'))

/** Supervises a stand-in per behaviour: rng-1, rng-2… The first may belong to another service. */
async function setUp(
  t: TestContext,
  behaviours: string[],
  stopDeadlineMs?: number,
  service: ProcessPlan['service'] = 'rng',
) {
  const base = await freePorts(behaviours.length)
  const plans = behaviours.map((behaviour, index): ProcessPlan => {
    const port = base + index
    // As run.cjs does.
    const NODE_COMPILE_CACHE = join(repository, 'node_modules/.cache/compile')
    const env = { ...process.env, NODE_COMPILE_CACHE, PORT: `${port}`, BEHAVIOUR: behaviour }
    return {
      name: `rng-${index + 1}`,
      service: index === 0 ? service : 'rng',
      entry,
      port,
      url: `http://127.0.0.1:${port}`,
      env,
    }
  })
  const transcript = createTranscript()
  const output = createOutput(transcript, () => {})
  const supervisor = supervise(plans, output, stopDeadlineMs)
  t.after(() => {
    supervisor.kill()
    return supervisor.ended
  })
  return { supervisor, transcript, plans }
}

test('all are ready, are asked once to stop, and leave with 0', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['polite', 'polite'])
  await supervisor.ready
  assert.deepEqual(supervisor.waitingFor(), [])
  const pids = Object.values(supervisor.pids())
  assert.equal(pids.length, 2)
  supervisor.stop()
  supervisor.stop()
  assert.equal(await supervisor.ended, 0)
  assert.equal(transcript.text().match(/got SIGTERM/g)?.length, 2)
  assert.match(transcript.text(), /Stopping rng ×2 .*\n[^]*Stopped rng ×2 in \d+\.\d s\n$/)
  assert.deepEqual(supervisor.pids(), {})
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

test('a process that is killed is started again, and this is said', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['polite'])
  await supervisor.ready
  const before = supervisor.pids()['rng-1'] ?? 0
  process.kill(before, 'SIGKILL')
  await transcript.waitFor(/rng-1 was ended by SIGKILL: starts again in 0\.2 s/)
  const [, after] = await transcript.waitFor(/SIGKILL[^]*pid (\d+)/)
  assert.equal(supervisor.pids()['rng-1'], Number(after))
  assert.notEqual(Number(after), before)
})

test('a service that is restarted leaves when asked and comes back at once; the others go on', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['polite', 'polite'], undefined, 'hasher')
  await supervisor.ready
  const before = supervisor.pids()
  supervisor.restart(['hasher'])
  supervisor.restart(['hasher'])
  await transcript.waitFor(/got SIGTERM[^]*pid (\d+)/)
  const after = supervisor.pids()
  assert.notEqual(after['rng-1'], before['rng-1'])
  assert.equal(after['rng-2'], before['rng-2'])
  assert.equal(transcript.text().match(/got SIGTERM/g)?.length, 1)
})

test('a process that keeps dying is started after growing pauses, and can be stopped in one of them', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['dying'])
  for (const pause of ['0.2', '0.4', '0.8']) {
    await transcript.waitFor(new RegExp(`rng-1 ended with exit code 3: starts again in ${pause} s`))
  }
  assert.deepEqual(supervisor.pids(), {})
  assert.deepEqual(supervisor.waitingFor(), ['rng-1'])
  supervisor.stop()
  assert.equal(await supervisor.ended, 0)
  await assert.rejects(supervisor.ready, { message: 'stopped before everything was ready', exitCode: 1 })
})

test('a process that rejects its configuration is shown and not started again, and all is stopped', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['misconfigured', 'polite'])
  assert.equal(await supervisor.ended, 1)
  assert.match(transcript.text(), /DELAY_MS is "soon".*\n[^]*rng-1 rejected its configuration/)
  assert.doesNotMatch(transcript.text(), /again in/)
  await assert.rejects(supervisor.ready, /rng-1 rejected its configuration/)
})

test('a process that does not stop is killed at the deadline, which is exit code 1', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['deaf', 'polite'], 500)
  await supervisor.ready
  supervisor.stop()
  assert.equal(await supervisor.ended, 1)
  assert.match(transcript.text(), /rng-1 did not stop within 0\.5 s: killed/)
  assert.doesNotMatch(transcript.text(), /rng-2 did not stop/)
})

test('a worker that does not stop does not keep the others from leaving by themselves', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['deaf', 'polite'], 3_000, 'worker')
  await supervisor.ready
  supervisor.stop()
  assert.equal(await supervisor.ended, 1)
  assert.match(transcript.text(), /rng-1 did not stop within 3\.0 s: killed/)
  assert.doesNotMatch(transcript.text(), /rng-2 did not stop/)
  assert.equal(transcript.text().match(/got SIGTERM/g)?.length, 2)
})

test('kill ends at once what is still there, which is exit code 130', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['deaf', 'polite'])
  await supervisor.ready
  supervisor.stop()
  await transcript.waitFor(/got SIGTERM[^]*got SIGTERM/)
  supervisor.kill()
  assert.equal(await supervisor.ended, 130)
  assert.match(transcript.text(), /rng-1 was still running: killed/)
})

test('what a process started and left behind goes with it', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['parent'])
  await supervisor.ready
  await transcript.waitFor(/grandchild/)
  supervisor.stop()
  // It would not end while the grandchild, which ignores SIGTERM, held the pipes.
  assert.equal(await supervisor.ended, 0)
})

test('a process is asked to leave, and what it started is not: a service that is stopping still needs it', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['parent'])
  await supervisor.ready
  await transcript.waitFor(/grandchild/)
  supervisor.stop()
  assert.equal(await supervisor.ended, 0)
  assert.match(transcript.text(), /got SIGTERM/)
  assert.doesNotMatch(transcript.text(), /asked too/)
})

test('nothing is started again once all are to end, also what was not yet asked to', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['deaf', 'polite'], undefined, 'worker')
  await supervisor.ready
  supervisor.stop()
  await transcript.waitFor(/got SIGTERM/)
  supervisor.kill()
  assert.equal(await supervisor.ended, 130)
  assert.doesNotMatch(transcript.text(), /starts again/)
})

test('a process that fails while it stops makes the exit code 1', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['polite', 'failing'])
  await supervisor.ready
  supervisor.stop()
  assert.equal(await supervisor.ended, 1)
  assert.match(transcript.text(), /rng-2 ended with exit code 1 while it stopped/)
})

test('a change starts servers first, then restarts the workers that use them, and removes what is left', async (t) => {
  const { supervisor, transcript, plans } = await setUp(t, ['polite', 'polite', 'polite'], undefined, 'worker')
  await supervisor.ready
  const [worker, kept, removed] = plans as [ProcessPlan, ProcessPlan, ProcessPlan]
  const before = supervisor.pids()
  const port = await freePorts()
  const added = { ...removed, name: 'rng-4', port, url: `http://127.0.0.1:${port}` }
  added.env = { ...added.env, PORT: `${port}` }
  await supervisor.change([{ ...worker, env: { ...worker.env, RNG_URL: added.url } }, kept, added])
  const pids = supervisor.pids()
  assert.deepEqual(Object.keys(pids).toSorted(), ['rng-1', 'rng-2', 'rng-4'])
  assert.notEqual(pids['rng-1'], before['rng-1'])
  assert.equal(pids['rng-2'], before['rng-2'])
  assert.throws(() => process.kill(before['rng-3']!, 0), { code: 'ESRCH' })
  // In this order: the new one runs, the worker stops, what was removed stops.
  await transcript.waitFor(
    new RegExp(`rng-4  \\| pid ${pids['rng-4']}\n[^]*rng-1  \\| got SIGTERM\n[^]*rng-3  \\| got SIGTERM\n`),
  )
  await supervisor.change([kept])
  assert.deepEqual(Object.keys(supervisor.pids()), ['rng-2'])
  supervisor.stop()
  assert.equal(await supervisor.ended, 0)
})

test('a stop ends a change, and leaves no process', async (t) => {
  const { supervisor, transcript, plans } = await setUp(t, ['deaf', 'polite'], 500, 'worker')
  await supervisor.ready
  const changed = supervisor.change([{ ...plans[0]!, env: { ...plans[0]!.env, RNG_URL: 'http://another' } }])
  await transcript.waitFor(/rng-1 +\| got SIGTERM/)
  supervisor.kill()
  await assert.rejects(changed, { message: 'the application is stopping', exitCode: 1 })
  assert.equal(await supervisor.ended, 130)
  assert.deepEqual(supervisor.pids(), {})
})

test('a process that is restarted before it was ever ready is still waited for', async (t) => {
  const { supervisor, transcript } = await setUp(t, ['dying'])
  await transcript.waitFor(/starts again/)
  supervisor.restart(['rng'])
  await transcript.waitFor(/starts again[^]*starts again/)
  assert.deepEqual(supervisor.waitingFor(), ['rng-1'])
})
