import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { WriteStream } from 'node:tty'

import { createTranscript } from '@dockercoins/testing/transcript'

import { createOutput, MAX_BACKLOG, MAX_LINE } from './output.ts'

test('lines stand whole behind the names of those who wrote them, in one column', async () => {
  const transcript = createTranscript()
  const output = createOutput(transcript, () => {})
  const [rng, worker] = [new PassThrough(), new PassThrough()]
  output.follow('rng-1', rng)
  output.follow('worker-10', worker)
  rng.write('half')
  worker.write('a whole line\n')
  await transcript.waitFor(/whole/)
  rng.end(' and half')
  worker.end()
  output.info('two\nlines')
  await transcript.waitFor(/half and half\n/)
  await output.close()
  assert.equal(
    transcript.text(),
    'worker-10  | a whole line\nlocal      | two\nlocal      | lines\nrng-1      | half and half\n',
  )
  assert.equal(transcript.listenerCount('drain'), 0)
})

test('a terminal shows each name in its own colour, unless NO_COLOR is set', (t) => {
  const before = { ...process.env }
  t.after(() => (process.env = before))
  // Nothing of where the tests run, such as CI or NO_COLOR, may speak here.
  process.env = { TERM: 'xterm-256color' }
  const terminal = Object.assign(createTranscript(), {
    isTTY: true,
    getColorDepth: () => WriteStream.prototype.getColorDepth(),
  })
  const output = createOutput(terminal, () => {})
  const sources = ['rng-1', 'rng-2'].map((name) => {
    const source = new PassThrough()
    output.follow(name, source)
    return source
  })
  for (const source of sources) source.emit('data', 'x\n')
  assert.equal(terminal.text(), '\u001B[36mrng-1  |\u001B[39m x\n\u001B[33mrng-2  |\u001B[39m x\n')
  process.env['NO_COLOR'] = '1'
  sources[0]?.emit('data', 'y\n')
  assert.ok(terminal.text().endsWith('\nrng-1  | y\n'))
})

test('a reader that is stuck costs bounded memory, delays no process, and gets the number of lines left out', async () => {
  const stuck: (() => void)[] = []
  const shown: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      shown.push(String(chunk))
      stuck.push(done)
    },
  })
  const output = createOutput(stream, () => {})
  const source = new PassThrough()
  output.follow('rng-1', source)
  const line = `${'x'.repeat(999)}\n`
  for (let i = 0; i < 3000; i++) if (!source.write(line)) await once(source, 'drain')
  assert.ok(stream.writableLength < MAX_BACKLOG + 200_000, `${stream.writableLength}`)
  const leftOut = () => /local {2}\| (\d+) lines left out/.exec(shown.join(''))
  while (!leftOut()) {
    for (const done of stuck.splice(0)) done()
    await new Promise(setImmediate)
  }
  const passed = shown
    .join('')
    .split('\n')
    .filter((text) => text.startsWith('rng-1')).length
  assert.equal(passed + Number(leftOut()?.[1]), 3000)
})

test('a reader that is gone is noticed once, and nothing more is written', async () => {
  let lost = 0
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const output = createOutput(stream, () => lost++)
  output.info('x')
  await new Promise((resolve) => stream.once('close', resolve))
  output.info('y')
  await output.close()
  assert.equal(lost, 1)
})

test('an endless line is printed in bounded pieces, as it comes, and no character is cut', async () => {
  const transcript = createTranscript()
  const output = createOutput(transcript, () => {})
  const source = new PassThrough()
  output.follow('rng-1', source)
  const endless = '\u{1F600}'.repeat(2 * MAX_LINE)
  const bytes = Buffer.from(endless)
  for (let i = 0; i < bytes.length; i += 4097) source.write(bytes.subarray(i, i + 4097))
  await transcript.waitFor(/(rng-1.*\n){3}/)
  source.end('\r\nlast')
  await transcript.waitFor(/last/)
  const lines = transcript
    .text()
    .split('\n')
    .map((line) => line.replace('rng-1  | ', ''))
  for (const line of lines) assert.ok(line.length < 2 * MAX_LINE)
  assert.equal(lines.join(''), `${endless}last`)
})

test('a quiet run prints the warnings, errors and stack traces of services, in text and JSON, and its own warnings', async () => {
  const transcript = createTranscript()
  const output = createOutput(transcript, () => {}, true)
  const source = new PassThrough()
  output.follow('rng-1', source)
  const kept = ['12:00:00 WARN a', '12:00:00 ERROR b', '    at c.ts:1', '{"level":40,"msg":"d"}', 'PORT is "x"']
  source.end(['12:00:00 e', '12:00:00 DEBUG f', '{"level":30,"msg":"g"}', ...kept].join('\n'))
  output.info('Ready')
  output.warn('last')
  await transcript.waitFor(/PORT/)
  await output.close()
  const lines = transcript.text().trim().split('\n')
  assert.deepEqual(lines.map((line) => line.replace(/^[\w-]+ +\| /, '')).toSorted(), [...kept, 'last'].toSorted())
})

const ESCAPE = '\u001B['

/**
 * A terminal, and the rows that it shows. It supports the escape codes of the status line alone.
 */
function createTerminal(columns: number) {
  const transcript = createTranscript()
  const rows = () => {
    const shown = ['']
    for (const piece of transcript.text().split(/(?=\r)|(?<=\n)/)) {
      const erase = `\r${ESCAPE}J`
      if (piece.startsWith(erase)) shown[shown.length - 1] = ''
      const text = piece.startsWith(erase) ? piece.slice(erase.length) : piece
      assert.ok(!text.includes(ESCAPE) && !text.includes('\r'), JSON.stringify(text))
      shown[shown.length - 1] += text.replace('\n', '')
      if (text.endsWith('\n')) shown.push('')
    }
    return shown
  }
  return Object.assign(transcript, { isTTY: true, columns, rows, getColorDepth: () => 1, hasColors: () => false })
}

test('the status line stays below all lines, and is gone at the end', async () => {
  const terminal = createTerminal(40)
  const output = createOutput(terminal, () => {})
  output.status('http://localhost:8000  9.9 hashes/s')
  output.info('first')
  output.status('http://localhost:8000  10.0 hashes/s')
  output.info('second')
  assert.deepEqual(terminal.rows(), ['local  | first', 'local  | second', 'http://localhost:8000  10.0 hashes/s'])
  await output.close()
  assert.deepEqual(terminal.rows(), ['local  | first', 'local  | second', ''])
})

test('the status line never fills a row, and follows the width of the terminal', async () => {
  const terminal = createTerminal(20)
  const output = createOutput(terminal, () => {})
  output.status('x'.repeat(50))
  assert.deepEqual(terminal.rows(), ['x'.repeat(19)])
  const before = terminal.text().length
  terminal.columns = 8
  terminal.emit('resize')
  // What was one row of 19 are three of 8 by now.
  assert.equal(terminal.text().slice(before), `\r${ESCAPE}2A${ESCAPE}J${'x'.repeat(7)}`)
  await output.close()
  assert.equal(terminal.listenerCount('resize'), 0)
})

test('what is no terminal, or a dumb one, gets no status line and no escape code', async (t) => {
  const term = process.env['TERM']
  t.after(() => (process.env['TERM'] = term))
  for (const [stream, TERM] of [
    [createTranscript(), 'xterm'],
    [createTerminal(80), 'dumb'],
  ] as const) {
    process.env['TERM'] = TERM
    const output = createOutput(stream, () => {})
    output.status('status')
    output.info('x')
    await output.close()
    assert.equal(stream.text(), 'local  | x\n')
  }
})
