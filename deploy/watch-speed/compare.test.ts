import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { BATCH_S, compare, FEWEST_BATCHES, toBatches, type Comparison } from './compare.ts'

const WINDOW_S = 60
const DEPLOYMENTS = 100
/** An update in which nothing is measured: pods start and stop. */
const UPDATE_S = 20

test('a batch is the mean of its seconds, and one that is not complete or not known is left out', () => {
  assert.deepEqual(toBatches([1, 2, 3, 4, 5, 9, 9, 9, null, 9, 2, 2, 2, 2, 2, 7]), [3, 2])
})

test('equal speeds hold, and half the speed fell, without a look at more', () => {
  const before = [10, 10.1, 9.9, 10.2, 9.8, 10, 10.1, 9.9]
  const options = { drop: 0.2, forS: WINDOW_S, isLast: false }
  // Orders are drawn at random, and an unlucky draw would ask for one look more.
  const random = createRandom(1)
  assert.deepEqual(compare(before, before, options, random), { before: 10, after: 10, isSure: true, verdict: 'held' })
  assert.equal(
    compare(
      before,
      before.slice(0, 6).map((speed) => speed / 2),
      options,
      random,
    ).verdict,
    'fell',
  )
})

test('speeds that spread widely give no verdict but at the last look', () => {
  const before = [2, 18, 4, 16, 6, 14]
  const after = [16, 3, 15, 4]
  assert.equal(compare(before, after, { drop: 0.2, forS: WINDOW_S, isLast: false }).verdict, undefined)
  const last = compare(before, after, { drop: 0.2, forS: WINDOW_S, isLast: true })
  assert.deepEqual([last.verdict, last.isSure], ['held', false])
})

const folder = join(import.meta.dirname, 'recordings')
for (const file of await readdir(folder)) {
  test(`of 100 updates in ${file}, at most 2 are misjudged where nothing fell, and at most 2 where 20 % fell`, async (t) => {
    const { speeds } = JSON.parse(await readFile(join(folder, file), 'utf8')) as { speeds: (number | null)[] }
    const random = createRandom(1)
    for (const [fall, expected] of [
      [0, 'held'],
      [0.2, 'fell'],
    ] as const) {
      const verdicts = Array.from({ length: DEPLOYMENTS }, () => {
        const from = Math.floor(random() * (speeds.length - 2 * WINDOW_S - UPDATE_S))
        const before = speeds.slice(from, from + WINDOW_S)
        const after = speeds.slice(from + WINDOW_S + UPDATE_S, from + 2 * WINDOW_S + UPDATE_S)
        return judge(
          before,
          after.map((speed) => speed && speed * (1 - fall)),
          random,
        )
      })
      const wrong = verdicts.filter(({ verdict }) => verdict !== expected).length
      const seconds = verdicts.map((verdict) => verdict.seconds).toSorted((a, b) => a - b)
      t.diagnostic(
        `${fall * 100} % fell: ${wrong} of ${DEPLOYMENTS} misjudged, seconds: median ${seconds[50]}, most ${seconds.at(-1)}`,
      )
      assert.ok(wrong <= 2, `${fall * 100} % fell: ${wrong} of ${DEPLOYMENTS} were misjudged`)
    }
  })
}

/** The verdict of the first look that gives one, and the seconds after the update that it took. */
function judge(
  before: (number | null)[],
  after: (number | null)[],
  random: () => number,
): Comparison & { seconds: number } {
  for (let seconds = FEWEST_BATCHES * BATCH_S; ; seconds += BATCH_S) {
    const isLast = seconds >= WINDOW_S
    const options = { drop: 0.2, forS: WINDOW_S, isLast }
    const comparison = compare(toBatches(before), toBatches(after.slice(0, seconds)), options, random)
    if (comparison.verdict) return { ...comparison, seconds }
  }
}

/** Numbers from 0 to 1 that are the same in each run (Lehmer's generator, of Park and Miller 1988). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
