import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { startLocal } from '@dockercoins/local'
import { launchBrowser } from '@dockercoins/testing/browser'
import { freePorts } from '@dockercoins/testing/free-ports'

// npm run picture: takes the pictures of the README, of one worker, of ten, and of ten with three
// rng.

/** Each step is long enough to be seen in the graph, and for its verdict. */
const STEP_MS = 30_000
const steps = [
  ['one-worker', {}],
  ['dashboard', { worker: 10 }],
  ['three-rng', { rng: 3 }],
] as const
const silence = new Writable({ write: (_chunk, _encoding, done) => done() })

const dataFolder = await mkdtemp(join(tmpdir(), 'dockercoins-picture-'))
const local = await startLocal({ port: await freePorts(16), scale: {}, data: dataFolder }, { stream: silence })
const browser = await launchBrowser()
try {
  await local.ready
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  await page.goto(local.urls.webui[0]!)
  for (const [name, scale] of steps) {
    if (Object.keys(scale).length > 0) await local.scale(scale)
    await sleep(STEP_MS)
    const path = fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url))
    await page.screenshot({ path, animations: 'disabled' })
  }
} finally {
  await browser.close()
  await local.stop()
  await rm(dataFolder, { recursive: true })
}
