import assert from 'node:assert/strict'
import { test } from 'node:test'

import { drawGraph } from './graph.ts'

test('the graph draws every known second, and labels every mark', () => {
  const speeds = [...Array.from({ length: 60 }, () => 10), null, 5, 5]
  const svg = drawGraph(1000, speeds, [{ at: 1030, text: 'pushed' }], 1030)
  const [, path = ''] = /<path d="([^"]*)"/.exec(svg) ?? []
  assert.equal(path.match(/L/g)?.length, 60)
  assert.equal(path.match(/M/g)?.length, 2) // a second that is not known is a gap
  assert.match(svg, />pushed<\/text>/)
  assert.match(svg, />0 min<\/text>/)
  assert.match(svg, />10<\/text>/)
})
