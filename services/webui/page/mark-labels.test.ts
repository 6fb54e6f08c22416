import assert from 'node:assert/strict'
import { test } from 'node:test'

import { labelMarks } from './mark-labels.ts'

const space = { left: 0, right: 400, gap: 10, rows: 2 }

/** In a graph of 400 pixels a mark has a label 50 wide, and a longer one is as wide as its text. */
const widthOf = (text: string) => (text.length < 10 ? 50 : 10 * text.length)

/** The labels of lines: text, begin and row. */
const place = (...lines: number[]) =>
  labelMarks(
    lines.map((x) => ({ x, text: `at ${x}` })),
    space,
    widthOf,
  ).map(({ text, begin, row }) => [text, begin, row])

test('a label begins at its line', () => {
  assert.deepEqual(place(20, 200), [
    ['at 20', 20, 0],
    ['at 200', 200, 0],
  ])
})

test('the older of two labels that would overlap is in a row above', () => {
  assert.deepEqual(place(20, 145, 190), [
    ['at 20', 20, 0],
    ['at 145', 145, 1],
    ['at 190', 190, 0],
  ])
})

test('no label is where the line of one above it passes', () => {
  assert.deepEqual(place(90, 130, 170), [
    ['at 90, at 130', 90, 1],
    ['at 170', 170, 0],
  ])
})

test('marks without space for their labels share one, which has all their lines', () => {
  const [label] = labelMarks(
    [100, 103, 106].map((x) => ({ x, text: 'ledger recovered' })),
    space,
    widthOf,
  )
  assert.deepEqual(label, { text: '3 changes', lines: [100, 103, 106], begin: 100, row: 0 })
})

test('a shared label has the texts where they fit, else their number', () => {
  assert.deepEqual(place(90, 100, 110, 190), [
    ['at 90, at 100', 90, 1],
    ['at 110', 110, 0],
    ['at 190', 190, 0],
  ])
  assert.deepEqual(place(90, 100, 110, 160, 210), [
    ['at 90', 90, 1],
    ['2 changes', 100, 0],
    ['at 160', 160, 1],
    ['at 210', 210, 0],
  ])
})

test('a label near the right edge moves to the left, and no line crosses it', () => {
  assert.deepEqual(place(380), [['at 380', 350, 0]])
  assert.deepEqual(place(370, 390), [['at 370, at 390', 260, 0]])
})

test('a label wider than the graph is not shown', () => {
  assert.deepEqual(
    labelMarks([{ x: 10, text: 'wide' }], space, () => 500),
    [],
  )
})
