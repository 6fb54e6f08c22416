import { Writable } from 'node:stream'

/** A stream that remembers all that was written to it, and on which a test can wait for some text to come. */
export interface Transcript extends Writable {
  text(): string
  /** Resolves to the match as soon as the text so far has one; rejects with that text when none comes. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
}

const GIVE_UP_AFTER_MS = 60_000

/** An empty transcript. */
export function createTranscript(): Transcript {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      stream.emit('text')
      done()
    },
  })

  function waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${pattern} did not come in:\n${text}`)), GIVE_UP_AFTER_MS)
      const look = () => {
        const match = pattern.exec(text)
        if (!match) return
        clearTimeout(timer)
        stream.off('text', look)
        resolve(match)
      }
      stream.on('text', look)
      look()
    })
  }

  return Object.assign(stream, { text: () => text, waitFor })
}
