import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { startLocal } from '@dockercoins/local'
import { launchBrowser } from '@dockercoins/testing/browser'
import { freePorts } from '@dockercoins/testing/free-ports'

// npm run picture: takes docs/dashboard.png, the picture in the README, of ten workers on one rng.

/** The graph shows how the speed was reached and that it is even. */
const MINING_MS = 75_000
const file = fileURLToPath(new URL('../../docs/dashboard.png', import.meta.url))
const silence = new Writable({ write: (_chunk, _encoding, done) => done() })

const dataFolder = await mkdtemp(join(tmpdir(), 'dockercoins-picture-'))
const local = await startLocal(
  { port: await freePorts(13), scale: { worker: 10 }, data: dataFolder },
  { stream: silence },
)
const browser = await launchBrowser()
try {
  await local.ready
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(local.urls.webui[0]!)
  await sleep(MINING_MS)
  await page.screenshot({ path: file, animations: 'disabled' })
} finally {
  await browser.close()
  await local.stop()
  await rm(dataFolder, { recursive: true })
}
