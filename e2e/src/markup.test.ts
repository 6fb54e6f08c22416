import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { openLedger } from '@dockercoins/ledger'
import { hasBrowser, NO_BROWSER, openPage } from '@dockercoins/testing/browser'
import { startService } from '@dockercoins/testing/service-process'

/** As long as a name in a snapshot may be, and without what has an escape in JSON. */
const MARKUP = "<img src=x onerror=document.title='x'><script>1</script>"

test(
  'what workers report is shown as text, whatever is in it',
  { skip: hasBrowser() ? false : NO_BROWSER },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'dockercoins-markup-'))
    const ledgerUrl = `file:${join(folder, 'ledger.db')}`
    const ledger = await openLedger({ ledgerUrl, keyPrefix: '' })
    t.after(async () => {
      await ledger.close()
      await rm(folder, { recursive: true, force: true })
    })
    const worker = randomUUID()
    const to = Date.now()
    const times = { from: to - 1000, to, hashes: 10 }
    const upstream = {
      queueMs: 0,
      workMs: 1000,
      networkMs: 0,
      concurrency: 1,
      replicas: { [MARKUP]: 10 },
      notResponding: [],
    }
    await ledger.record({
      worker,
      sequence: 1,
      coins: [],
      ...times,
      report: {
        worker,
        hostname: MARKUP,
        revision: MARKUP,
        loops: 1,
        hashesPerUnit: 1,
        pauseMs: 1000,
        expiresAfterMs: 60_000,
        rng: upstream,
        hasher: upstream,
        latestCoins: [{ digest: '0'.repeat(64), at: to }],
        ...times,
      },
    })
    const webui = await startService(t, 'webui', { LEDGER_URL: ledgerUrl })
    const { page, complaints } = await openPage(t, webui.url)
    await page.locator('.pipeline').getByText('Show as a table').click()
    const shown = page.getByText(MARKUP)
    await shown.first().waitFor({ state: 'attached' })
    assert.equal(await shown.count(), 5) // the worker, one rng, one hasher, and twice who found the coin
    assert.equal(await page.title(), 'DockerCoins')
    assert.equal(await page.locator('img').count(), 0)
    assert.deepEqual(complaints, [])
  },
)
