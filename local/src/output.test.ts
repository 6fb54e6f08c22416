import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { WriteStream } from 'node:tty'

import { createTranscript } from '@dockercoins/testing/transcript'

import { createOutput, hasColours, MAX_BACKLOG } from './output.ts'

test('lines stand whole behind the names of those who wrote them, in one column', async () => {
  const transcript = createTranscript()
  const output = createOutput(transcript, ['rng-1', 'worker-10'], () => {})
  const [rng, worker] = [new PassThrough(), new PassThrough()]
  output.follow('rng-1', rng)
  output.follow('worker-10', worker)
  rng.write('half')
  worker.write('a whole line\n')
  await transcript.waitFor(/whole/)
  rng.end(' and half')
  worker.end()
  output.say('two\nlines')
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
  assert.equal(hasColours(createTranscript()), false)
  assert.equal(hasColours(terminal), true)
  const output = createOutput(terminal, ['rng-1', 'rng-2'], () => {})
  const sources = ['rng-1', 'rng-2'].map((name) => {
    const source = new PassThrough()
    output.follow(name, source)
    return source
  })
  for (const source of sources) source.emit('data', 'x\n')
  assert.equal(terminal.text(), '\u001B[36mrng-1  |\u001B[39m x\n\u001B[33mrng-2  |\u001B[39m x\n')
  process.env['NO_COLOR'] = '1'
  assert.equal(hasColours(terminal), false)
})

test('a reader that is stuck costs bounded memory, holds nobody up, and is told what it missed', async () => {
  const stuck: (() => void)[] = []
  const shown: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      shown.push(String(chunk))
      stuck.push(done)
    },
  })
  const output = createOutput(stream, ['rng-1'], () => {})
  const source = new PassThrough()
  output.follow('rng-1', source)
  const line = `${'x'.repeat(999)}\n`
  for (let i = 0; i < 3000; i++) if (!source.write(line)) await once(source, 'drain')
  assert.ok(stream.writableLength < MAX_BACKLOG + 200_000, `${stream.writableLength}`)
  const told = () => /local {2}\| (\d+) lines left out/.exec(shown.join(''))
  while (!told()) {
    for (const done of stuck.splice(0)) done()
    await new Promise(setImmediate)
  }
  const passed = shown
    .join('')
    .split('\n')
    .filter((text) => text.startsWith('rng-1')).length
  assert.equal(passed + Number(told()?.[1]), 3000)
})

test('a reader that is gone is noticed once, and nothing more is written', async () => {
  let lost = 0
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const output = createOutput(stream, [], () => lost++)
  output.say('x')
  await new Promise((resolve) => stream.once('close', resolve))
  output.say('y')
  await output.close()
  assert.equal(lost, 1)
})
