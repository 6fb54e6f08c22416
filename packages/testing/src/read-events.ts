import assert from 'node:assert/strict'

import { within } from '@dockercoins/testing'

/** The events of `url`, until there are enough. */
export async function readEvents(url: string, isEnough: (text: string) => boolean): Promise<string> {
  const { body, headers } = await fetch(url)
  assert.equal(headers.get('content-type'), 'text/event-stream')
  let text = ''
  async function readEnough(): Promise<string> {
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString()
      if (isEnough(text)) break
    }
    return text
  }
  return within('enough events', readEnough(), () => text)
}
