import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sampleReport } from '@dockercoins/testing/sample-entry'

import type { Pipeline, VerdictState } from './api.ts'
import { readFixture } from './fixtures/read.ts'
import { currentPlan } from './plan.ts'
import { describeState } from './sentences.ts'
import { createVerdicts, findState, step, type Memory } from './verdict.ts'

const states: Record<string, VerdictState> = {
  'one-worker': 'worker',
  'ten-workers': 'rng',
  'ten-workers-three-rng': 'well',
  'no-worker': 'idle',
  'back-pressure': 'back-pressure',
  'four-loops': 'rng',
  'sixteen-loops-no-delay': 'worker',
  'hasher-concurrency-one': 'hasher',
  batch: 'worker',
  'replica-stopped': 'not-responding',
  'rng-away': 'stuck',
  'ten-workers-three-rng-three-hasher': 'worker',
  // The other work on their machines delays no pause.
  'two-workers-under-stress': 'worker',
  'ten-workers-under-stress': 'well',
  'busy-machine': 'machine',
  'slow-network': 'machine',
  'foreign-only': 'foreign',
  'foreign-mixed': 'rng',
  'ten-workers-untimed-rng': 'rng',
  'two-workers-untimed': 'worker',
  // Two workers of ten have reported.
  'outage-end': 'worker',
  'after-outage': 'well',
}

for (const [name, state] of Object.entries(states)) {
  test(`${name} is judged as ${state}, and the verdict does not contradict itself`, () => {
    const { platform, speed, pipeline } = readFixture(name)
    assert.equal(findState(pipeline), state)
    const { worker, rng, hasher } = pipeline
    const counts = { worker: worker.count, rng: rng.count, hasher: hasher.count }
    const start = { platform, basePort: 8000, variables: {} }
    const { sentence, evidence = '', command = '' } = describeState(pipeline, state, start, currentPlan(pipeline))
    // A service that is nearly full, or that loops wait for, is said to be so, and no other.
    for (const [, busy] of evidence.matchAll(/(\d+) % busy/g))
      assert.equal(Number(busy) < 90, state === 'worker', evidence)
    if (state === 'rng' || state === 'hasher') {
      assert.match(sentence, new RegExp(`^Loops wait for ${state}`))
      // The headline: "97 % of the capacity".
      assert.ok(speed + (pipeline.foreignSpeed ?? 0) > 0.9 * pipeline.capacity!, `${speed} of ${pipeline.capacity}`)
    } else assert.doesNotMatch(sentence, /^Loops wait for/)
    if (state === 'stuck') assert.equal(pipeline.worker.perSecond, 0)
    if (/machine is too busy/.test(sentence)) assert.ok(worker.serviceMs > pipeline.delayMs, sentence)
    if (!worker.count) assert.match(sentence, /^(No worker|Only workers that do not) report/)
    assert.equal(command === '', !/(add|start) /.test(sentence), `${sentence} ${command}`)
    for (const [, service, count] of command.matchAll(/(worker|rng|hasher)(?:=| --replicas=)(\d+)/g))
      assert.ok(Number(count) > counts[service as keyof typeof counts], command)
    assert.equal(sentence.match(/\.( |$)/g)?.length, 1, sentence)
  })
}

const { pipeline: ten } = readFixture('ten-workers')
const { pipeline: single } = readFixture('one-worker')

function judgeAll(seconds: Pipeline[]): (VerdictState | undefined)[] {
  let memory: Memory = {}
  return seconds.map((pipeline, second) => (memory = step(memory, pipeline, second * 1000)).standing)
}

test('a state stands once the evidence was the same for three seconds', () => {
  const none = undefined
  assert.deepEqual(judgeAll([single, single, single, single]), [none, none, none, 'worker'])
})

test('evidence that alternates does not flip the verdict', () => {
  const standing = judgeAll([ten, ten, ten, ten, single, ten, single, single, ten])
  assert.deepEqual(new Set(standing.slice(3)), new Set(['rng']))
})

test('a replica that does not respond comes before advice to add workers', () => {
  const silent = { ...single, rng: { ...single.rng, notResponding: 1 } }
  assert.equal(findState(silent), 'not-responding')
  assert.equal(findState({ ...silent, rng: { ...silent.rng, count: 0 } }), 'stuck')
})

test('a service is blamed only when none of its replicas responds', () => {
  const start = { platform: 'local', basePort: 8000, variables: {} } as const
  const describe = (rng: Partial<Pipeline['rng']>) =>
    describeState({ ...ten, rng: { ...ten.rng, ...rng } }, 'stuck', start, currentPlan(ten))
  assert.match(describe({ count: 0, notResponding: 3 }).sentence, /because rng does not respond/)
  const { sentence, evidence } = describe({ count: 2, notResponding: 1 })
  assert.doesNotMatch(sentence, /does not respond/)
  assert.equal(evidence, '2 of 3 rng respond')
})

test('a service that is away is named after three seconds', () => {
  const away = { ...ten, rng: { ...ten.rng, count: 0, notResponding: 1 } }
  assert.deepEqual(judgeAll([ten, ten, ten, ten, away, away, away, away]).slice(-2), ['rng', 'stuck'])
})

test('units that no longer end are missed after a second, and the first one after fifteen', () => {
  const silent = { ...ten, unitMs: 0, worker: { ...ten.worker, perSecond: 0 } }
  const seconds = Array.from({ length: 16 }, () => silent)
  assert.deepEqual(judgeAll([ten, ten, ten, ten, ...seconds]).slice(4, 6), ['rng', 'stuck'])
  assert.deepEqual(judgeAll(seconds).slice(-2), [undefined, 'stuck'])
})

test('a pause that is late shows a busy machine', () => {
  assert.equal(findState({ ...single, worker: { ...single.worker, serviceMs: 130 } }), 'machine')
})

test('only workers that do not report are foreign', () => {
  const { pipeline } = readFixture('no-worker')
  assert.equal(findState({ ...pipeline, foreignSpeed: 9 }), 'foreign')
})

test('workers that have yet to report after an outage are waited for', () => {
  const verdicts = createVerdicts()
  const judge = (name: string, now: number) => {
    const { pipeline } = readFixture(name)
    const reports = pipeline.worker.replicas.map((worker) => sampleReport(worker.name, { to: now }))
    return verdicts.judge(pipeline, reports, now, (state) => ({ state, sentence: '' }))
  }
  judge('ten-workers-three-rng', 1000)
  verdicts.lost()
  const { state, evidence } = judge('outage-end', 20_000)
  assert.deepEqual([state, evidence], ['early', '2 of 10 have reported'])
})

test('a first second is too early for a verdict', () => {
  assert.deepEqual(judgeAll([readFixture('early').pipeline]), [undefined])
})

/** Ten workers that wait in the queues of both services. */
function queues(rngMs: number, hasherMs: number): Pipeline {
  return { ...ten, rng: { ...ten.rng, queueMs: rngMs }, hasher: { ...ten.hasher, queueMs: hasherMs } }
}

test('two queues that are about as long do not delay the verdict', () => {
  const seconds = [queues(400, 380), queues(380, 400), queues(400, 380), queues(380, 400)]
  assert.equal(judgeAll(seconds).at(-1), 'rng')
  assert.equal(judgeAll(seconds.toReversed()).at(-1), 'hasher')
  assert.equal(judgeAll([...seconds, ...Array<Pipeline>(5).fill(queues(300, 400))]).at(-1), 'hasher')
  const { unitMs } = ten
  assert.equal(findState(queues(0.18 * unitMs, 0.21 * unitMs), undefined, 'rng'), 'hasher')
})
