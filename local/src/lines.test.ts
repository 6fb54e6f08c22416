import assert from 'node:assert/strict'
import { test } from 'node:test'

import { MAX_LINE, splitLines } from './lines.ts'

function split(pieces: string[]): string[] {
  const lines: string[] = []
  const splitter = splitLines((whole) => lines.push(...whole))
  for (const piece of pieces) splitter.push(piece)
  splitter.end()
  return lines
}

test('lines are the same however the text is cut into pieces', () => {
  const text = 'one\n\ntwo\r\nthree \u{1F600}\nrest'
  const lines = ['one', '', 'two', 'three \u{1F600}', 'rest']
  for (let size = 1; size <= text.length; size++) {
    assert.deepEqual(split(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []), lines)
  }
})

test('no line comes before its end, and none from nothing', () => {
  const lines: string[] = []
  const splitter = splitLines((whole) => lines.push(...whole))
  splitter.push('half')
  assert.deepEqual(lines, [])
  splitter.push(' a line\n')
  assert.deepEqual(lines, ['half a line'])
  splitter.end()
  assert.equal(lines.length, 1)
})

test('a very long line comes in bounded pieces, complete and with no character cut in two', () => {
  const long = `x${'\u{1F600}'.repeat(MAX_LINE)}`
  for (const pieces of [[long], long.match(/.{1,1000}/gu) ?? [], [`${long}\n`]]) {
    const lines = split(pieces)
    assert.equal(lines.join(''), long)
    for (const line of lines) {
      assert.ok(line.length <= MAX_LINE)
      assert.ok(line.isWellFormed())
    }
  }
})

test('an endless line is given out as it comes', () => {
  let given = 0
  const splitter = splitLines((whole) => (given += whole.join('').length))
  for (let i = 0; i < 100; i++) splitter.push('x'.repeat(MAX_LINE / 2))
  assert.ok(given >= 99 * (MAX_LINE / 2) - MAX_LINE)
})
