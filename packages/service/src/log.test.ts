import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'

import { pino } from 'pino'

import { capLog, createLog, LINES_PER_SECOND, MAX_BACKLOG, toText } from './log.ts'

/** A stream whose reader reads nothing until `resume` is called. */
function createUnread() {
  const read: string[] = []
  let resume: (() => void) | undefined
  const stream = new Writable({
    write(chunk, _encoding, done) {
      read.push(String(chunk))
      if (resume) done()
      else resume = done
    },
  })
  return { stream, read, resume: () => resume?.() }
}

test('unread lines are kept up to a bound', () => {
  const { stream } = createUnread()
  const log = createLog('rng', { logFormat: 'json', debug: false }, stream)
  for (let written = 0; written < 3 * MAX_BACKLOG; written += 1000) log.info('x'.repeat(1000))
  assert.ok(
    stream.writableLength > MAX_BACKLOG && stream.writableLength < MAX_BACKLOG + 2000,
    `${stream.writableLength}`,
  )
})

for (const logFormat of ['json', 'text'] as const) {
  test(`once a log in ${logFormat} is read again, a line contains the number of dropped lines`, async () => {
    const { stream, read, resume } = createUnread()
    const log = createLog('rng', { logFormat, debug: false }, stream)
    const lines = (3 * MAX_BACKLOG) / 1000
    for (let line = 0; line < lines; line++) log.info('x'.repeat(1000))
    const reported = new Promise<void>((resolve) => {
      stream.on('drain', () => resolve())
    })
    resume()
    await reported
    const [, dropped] = /(\d+) lines dropped/.exec(read.at(-1) ?? '') ?? []
    assert.equal(read.length - 1 + Number(dropped), Math.ceil(lines))
  })
}

test('when the reader is gone, logging goes on without an error', async () => {
  const stream = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  const closed = new Promise((resolve) => stream.once('close', resolve))
  const log = createLog('rng', { logFormat: 'json', debug: false }, stream)
  log.info('one')
  await closed
  log.info('two')
  await new Promise(setImmediate)
})

const time = new Date(2026, 10, 23, 9, 5, 7).getTime()

test('a line for people has the time and the message', () => {
  assert.equal(toText(JSON.stringify({ level: 30, time, name: 'rng', msg: 'listening' })), '09:05:07 listening\n')
})

test('a level other than info is named', () => {
  assert.equal(toText(JSON.stringify({ level: 40, time, msg: 'rng is lost' })), '09:05:07 WARN rng is lost\n')
})

test('an unexpected error is shown with its stack', () => {
  const line = toText(JSON.stringify({ level: 50, time, msg: 'failed', err: { stack: 'Error: no\n    at x' } }))
  assert.equal(line, '09:05:07 ERROR failed\nError: no\n    at x\n')
})

function collectLines() {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  return { lines, capped: capLog(log, 'requests') }
}

test('lines and summaries add up to what happened', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { lines, capped } = collectLines()
  for (let request = 0; request < LINES_PER_SECOND + 7; request++) capped.info(() => [{}, 'GET /32'])
  assert.equal(lines.length, LINES_PER_SECOND)
  t.mock.timers.tick(1000)
  assert.equal(lines.at(-1), '7 more requests in the same second')
})

test('a quiet second has no summary, and the next second starts afresh', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { lines, capped } = collectLines()
  for (let second = 0; second < 3; second++) {
    for (let request = 0; request < LINES_PER_SECOND; request++) capped.info(() => [{}, 'GET /32'])
    t.mock.timers.tick(1000)
  }
  assert.equal(lines.length, 3 * LINES_PER_SECOND)
})

test('the summary that is due is written when the process stops', () => {
  const { lines, capped } = collectLines()
  for (let request = 0; request <= LINES_PER_SECOND; request++) capped.info(() => [{}, 'GET /32'])
  capped.flush()
  assert.equal(lines.at(-1), '1 more requests in the same second')
})
