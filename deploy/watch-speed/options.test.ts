import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseOptions } from './options.ts'

const NOW = 1_700_000_000
const parse = (...args: string[]) => parseOptions(['--url', 'http://localhost:8000', ...args], NOW)

test('the defaults are an update that is complete now, a minute on each side, and a fall by 20 %', () => {
  const expected = {
    url: new URL('http://localhost:8000'),
    updatedAt: NOW,
    beforeS: 60,
    forS: 60,
    drop: 0.2,
    json: false,
  }
  assert.deepEqual(parse(), expected)
})

test('durations have a unit, and moments are seconds since the epoch or ISO 8601', () => {
  const options = parse('--before', '2m', '--for', '30s', '--drop', '5%', '--updated-at', `${NOW - 60}`)
  assert.deepEqual(options, { ...parse(), beforeS: 120, forS: 30, drop: 0.05, updatedAt: NOW - 60 })
  const iso = new Date((NOW - 60) * 1000).toISOString()
  assert.deepEqual(parse('--updated-at', iso), { ...parse(), updatedAt: NOW - 60 })
})

test('a wrong option is refused in one line that says what was expected', () => {
  const wrong: [string[], RegExp][] = [
    [['--before', '60'], /^--before: expected a duration from 20s to 10m, got "60"$/],
    [['--for', '5s'], /^--for: expected a duration/],
    [['--for', '11m'], /^--for: expected a duration/],
    [['--drop', '0.2'], /^--drop: expected a share from 5% to 90%, got "0.2"$/],
    [['--drop', '0%'], /^--drop: /],
    [['--updated-at', 'yesterday'], /^--updated-at: expected a moment of the last 30 minutes/],
    [['--updated-at', `${NOW + 60}`], /^--updated-at: /],
    [['--url', 'localhost:8000'], /^--url: expected a URL such as http:\/\/localhost:8000, without/],
    [['--url', 'http://me:secret@localhost'], /^--url: expected a URL (?!.*secret)/],
    [['--url', 'http://localhost?x=1'], /^--url: expected a URL /],
    [['--namespace', ''], /^--namespace: expected a name, got ""$/],
    [['--for', '-5s'], /^[^\n]+$/],
  ]
  for (const [args, message] of wrong) assert.throws(() => parse(...args), { message })
  assert.throws(() => parse('--speed'), /--speed/)
})
