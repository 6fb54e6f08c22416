import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Pipeline, VerdictState } from './api.ts'
import { readFixture } from './fixtures/read.ts'
import { currentPlan } from './plan.ts'
import { describeState } from './sentences.ts'
import { findState, step, type Memory } from './verdict.ts'

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
  // Its pauses are on time.
  'two-workers-under-stress': 'worker',
  'ten-workers-three-rng-three-hasher': 'worker',
}

for (const [name, state] of Object.entries(states)) {
  test(`${name} is judged as ${state}, and the verdict does not contradict itself`, () => {
    const { platform, pipeline } = readFixture(name)
    assert.equal(findState(pipeline), state)
    const { worker, rng, hasher } = pipeline
    const counts = { worker: worker.count, rng: rng.count, hasher: hasher.count }
    const start = { platform, basePort: 8000, variables: {} }
    const { sentence, evidence = '', command = '' } = describeState(pipeline, state, start, currentPlan(pipeline))
    if (state === 'rng' || state === 'hasher') {
      assert.match(sentence, new RegExp(`^Loops wait for ${state}`))
      for (const [, busy] of evidence.matchAll(/(\d+) % busy/g)) assert.ok(Number(busy) >= 90, evidence)
    }
    for (const [, service, count] of command.matchAll(/(worker|rng|hasher)=(\d+)/g))
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

test('a pause that is late shows a busy machine', () => {
  assert.equal(findState({ ...single, worker: { ...single.worker, serviceMs: 130 } }), 'machine')
})

test('only workers that do not report are foreign', () => {
  const { pipeline } = readFixture('no-worker')
  assert.equal(findState({ ...pipeline, foreignSpeed: 9 }), 'foreign')
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
