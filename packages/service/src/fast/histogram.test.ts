import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'

import { createHistogram } from './histogram.ts'

const described = { name: 'seconds', help: 'Time.', buckets: [0.001, 0.5, 1] }

test('the output for the same values equals that of the histogram of prom-client', async () => {
  const label = fc.constantFrom('a', 'b c', 'b', '"d"\n')
  const value = fc.oneof(fc.constantFrom(0, 0.001, 0.5, 1), fc.double({ min: 0, max: 2, noNaN: true }))
  const values = fc.array(fc.tuple(value, label, fc.constantFrom(200, 404, 'c 200')))
  const property = fc.asyncProperty(values, async (all) => {
    const [ours, theirs] = [new Registry(), new Registry()]
    const options = { ...described, labelNames: ['route', 'status'] }
    const observe = createHistogram(ours, options)
    const histogram = new Histogram({ ...options, registers: [theirs] })
    for (const [seconds, route, status] of all) {
      observe(seconds, route, status)
      histogram.observe({ route, status }, seconds)
    }
    assert.equal(await ours.metrics(), await theirs.metrics())
  })
  await fc.assert(property, { numRuns: 50 })
})

test('without labels all values are 0 before the first', async () => {
  const [ours, theirs] = [new Registry(), new Registry()]
  createHistogram(ours, { ...described, labelNames: [] })
  new Histogram({ ...described, registers: [theirs] }).zero({})
  assert.equal(await ours.metrics(), await theirs.metrics())
})
