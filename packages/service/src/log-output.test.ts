import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'

import { createLogOutput, MAX_BACKLOG } from './log-output.ts'
import { createLog } from './log.ts'

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

test('lines that nobody reads are kept up to a bound', () => {
  const { stream } = createUnread()
  const line = 'x'.repeat(1000)
  const output = createLogOutput(stream, () => {})
  for (let written = 0; written < 3 * MAX_BACKLOG; written += line.length) output.write(line)
  assert.ok(stream.writableLength <= MAX_BACKLOG + line.length, `${stream.writableLength} bytes`)
})

for (const logFormat of ['json', 'text'] as const) {
  test(`once the log is read again, ${logFormat} says how many lines were dropped`, async () => {
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
