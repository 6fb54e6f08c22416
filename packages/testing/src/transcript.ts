import { once } from 'node:events'
import { Writable } from 'node:stream'

import { within } from '@dockercoins/testing'

/** A stream that keeps all that was written to it, and on which a test can wait for text. */
export interface Transcript extends Writable {
  text(): string
  /** Resolves to the match as soon as there is one; rejects with the text after a minute. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
}

/** An empty transcript. */
export function createTranscript(): Transcript {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      stream.emit('text')
      done()
    },
  }).setMaxListeners(0)

  async function find(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(text)
      if (match) return match
      await once(stream, 'text')
    }
  }

  const waitFor = (pattern: RegExp) => within(`${pattern} in the output`, find(pattern), () => `\n${text}`)
  return Object.assign(stream, { text: () => text, waitFor })
}
