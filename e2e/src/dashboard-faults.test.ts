import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'

import { parseSettings } from '@dockercoins/service'
import { until } from '@dockercoins/testing'
import { hasBrowser, NO_BROWSER, openPage } from '@dockercoins/testing/browser'
import { listenLocally } from '@dockercoins/testing/listen'
import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'
import { startService } from '@dockercoins/testing/service-process'
import { buildWebui } from '@dockercoins/webui/app'
import { settings } from '@dockercoins/webui/config'
import { loadPage, type Page } from '@dockercoins/webui/page'
import { createClient } from '@redis/client'

const skip = hasBrowser() ? false : NO_BROWSER
const page = loadPage()

/** A ledger without workers. */
function createLedger(speed: (second: number) => number) {
  return {
    totals: () => Promise.resolve({ hashes: 0, coins: 0, recorded: 0 }),
    reports: () => Promise.resolve([]),
    speeds: (from: number, count: number) =>
      Promise.resolve(Array.from({ length: count }, (_, index) => speed(from + index))),
  } as unknown as Parameters<typeof buildWebui>[1]
}
const steadyLedger = createLedger(() => 3)

/** Starts a web UI in this process. */
async function startWebui(t: TestContext, files: Page, env: NodeJS.ProcessEnv = {}, ledger = steadyLedger) {
  const config = parseSettings(settings, { PORT: '0', HOST: '127.0.0.1', ...env })
  const webui = buildWebui(config, ledger, files)
  webui.log.level = 'silent'
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= webui.close())
  t.after(stop)
  await webui.start()
  const { port } = webui.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, stop }
}

/** Whether the graph's table has ten rows of six seconds that are all known. */
function areKnown(rows: string[]): boolean {
  return rows.length === 10 && rows.every((row) => /\s4\.00\s+3\.00\s+9\.00(\s|$)/.test(row))
}

/** The time of a row of the graph's table. */
function startOf(row: string): string {
  return row.trim().slice(0, '00:00:00'.length)
}

/**
 * Passes each request to the URL that `choose` gives for its path, as a load balancer does. Counts
 * requests for the page.
 */
async function startBalancer(t: TestContext, choose: (path: string) => string) {
  const balancer = { url: '', pages: 0 }
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/'
    if (path === '/') balancer.pages++
    const onward = request(`${choose(path)}${path}`, { headers: incoming.headers, agent: false }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    onward.end()
  })
  balancer.url = `http://127.0.0.1:${await listenLocally(server)}`
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return balancer
}

async function startTwoVersions(t: TestContext): Promise<[older: string, newer: string]> {
  const older = await startWebui(t, withVersion(await page, 'v1'))
  const newer = await startWebui(t, withVersion(await page, 'v2'))
  return [older.url, newer.url]
}

function withVersion(original: Page, version: string): Page {
  return { ...original, html: original.html.replace(original.version, version), version }
}

suite('the dashboard in a browser', { skip }, () => {
  for (const scaleFactor of [2, 3]) {
    test(
      `labels its axes as large on a screen with ${scaleFactor} pixels per CSS pixel`,
      { timeout: 60_000 },
      async (t) => {
        const { url } = await startWebui(t, await page)
        // At this width the root font size is no whole number.
        const { page: tab } = await openPage(t, url, { width: 1501, scaleFactor })
        await tab.addInitScript(`
        const draw = CanvasRenderingContext2D.prototype.fillText
        window.labels = []
        CanvasRenderingContext2D.prototype.fillText = function (...text) {
          window.labels.push(parseFloat(this.font))
          return draw.apply(this, text)
        }`)
        await tab.reload()
        await tab.waitForFunction('window.labels.length > 5')
        const sizes = await tab.evaluate<number[]>('window.labels')
        for (const size of sizes) assert.ok(size >= 10 * scaleFactor, `${size} pixels`)
      },
    )
  }

  test('works while two versions respond alternately', { timeout: 60_000 }, async (t) => {
    const versions = await startTwoVersions(t)
    let requests = 0
    const balancer = await startBalancer(t, () => versions[requests++ % 2]!)
    const { page: tab } = await openPage(t, balancer.url)
    await tab.locator('.now strong', { hasText: '3.00' }).waitFor()
  })

  test(
    'reports that its server has another version, and reloads a few times at most',
    { timeout: 60_000 },
    async (t) => {
      const [older, newer] = await startTwoVersions(t)
      const balancer = await startBalancer(t, (path) => (path === '/' ? older : newer))
      const { page: tab, complaints } = await openPage(t, balancer.url)
      // Each reload takes two requests: whether the server responds, and the reload. There is no
      // fourth.
      await until(
        'three reloads',
        () => tab.evaluate<number>('history.state?.reloads.length'),
        (reloads) => reloads === 3,
      )
      await tab.locator('.state', { hasText: 'another version of this page' }).waitFor()
      await tab.locator('.now strong', { hasText: '3.00' }).waitFor()
      assert.equal(balancer.pages, 1 + 3 * 2)
      // Chromium itself logs the connections that a reload ends.
      assert.deepEqual(
        complaints.filter((line) => !line.includes('net::ERR_')),
        [],
      )
    },
  )

  test('reloads when its server has another version', { timeout: 60_000 }, async (t) => {
    const [older, newer] = await startTwoVersions(t)
    let deployed = older
    const balancer = await startBalancer(t, () => deployed)
    const { page: tab } = await openPage(t, balancer.url)
    await tab.locator('.now strong', { hasText: '3.00' }).waitFor()
    deployed = newer
    await tab.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`) // which connects anew
    await tab.locator('html[data-version=v2]').waitFor()
    await tab.locator('.now strong', { hasText: '3.00' }).waitFor()
  })

  test('continues when the clock of its server is set back', { timeout: 60_000 }, async (t) => {
    const realNow = Date.now
    let offset = 0
    t.mock.method(Date, 'now', () => realNow() + offset)
    const { page: tab } = await openPage(t, (await startWebui(t, await page)).url)
    await tab.getByRole('radio', { name: '1 min', exact: true }).check()
    await tab.locator('.graphs').getByText('Show as a table').click()
    const lastRow = tab.locator('.graphs tbody tr').last()
    await lastRow.getByText('3.00').first().waitFor()
    const hour = (await lastRow.innerText()).slice(0, 2)
    offset = -3_600_000
    const earlier = String((Number(hour) + 23) % 24).padStart(2, '0')
    // The hour may begin meanwhile.
    await lastRow.filter({ hasText: new RegExp(`^(${earlier}:.*|${hour}:0[01]:..)\\s*3\\.00`) }).waitFor()
  })

  test('shows unknown seconds as a gap, and fills it with what the ledger has', { timeout: 60_000 }, async (t) => {
    // The mean of six consecutive seconds is 4, and their highest speed 9, only where all of them
    // are known.
    const ledger = createLedger((second) => (second % 6 === 0 ? 9 : 3))
    const webui = await startWebui(t, await page, {}, ledger)
    const { page: tab } = await openPage(t, webui.url)
    await tab.getByRole('radio', { name: '1 min', exact: true }).check()
    await tab.locator('.graphs').getByText('Show as a table').click()
    const rows = () => tab.locator('.graphs tbody tr').allInnerTexts()
    await until('rows without a gap', rows, areKnown)
    await webui.stop()
    const withGap = await until('a row of a gap', rows, (texts) => /(\s+not known){3}(\s|$)/.test(texts.at(-1)!))
    await startWebui(t, await page, { PORT: `${webui.port}` }, ledger)
    const filled = await until('rows without a gap', rows, areKnown)
    const [first, gap] = [startOf(filled[0]!), startOf(withGap.at(-1)!)]
    assert.ok(first <= gap, `expected the row of ${gap}, which was a gap, after ${first}`)
  })

  test('keeps its marks when the web UI restarts and knows none', { timeout: 60_000 }, async (t) => {
    let isAway = false
    const totals = () => (isAway ? Promise.reject(new Error('away')) : steadyLedger.totals())
    const ledger = { ...steadyLedger, totals }
    const webui = await startWebui(t, await page, {}, ledger)
    const { page: tab } = await openPage(t, webui.url)
    await tab.locator('.graphs').getByText('Show as a table').click()
    const state = (text: string) => tab.locator('.state', { hasText: text }).waitFor()
    await state('No workers')
    isAway = true
    await state('Ledger away')
    isAway = false
    const mark = tab.locator('.graphs td', { hasText: 'ledger recovered' })
    await mark.waitFor()
    await webui.stop()
    await state('Connection lost')
    await startWebui(t, await page, { PORT: `${webui.port}` }, ledger)
    await state('No workers')
    assert.equal(await mark.count(), 1)
  })

  test(
    'shows the speed of the classic’s worker where no other runs',
    { skip: hasRedisServer() ? skip : NO_REDIS, timeout: 60_000 },
    async (t) => {
      const redis = await startRedisServer()
      const client = await createClient({ url: redis.url }).connect()
      const classic = setInterval(() => void client.incrBy('hashes', 10), 1000)
      t.after(async () => {
        clearInterval(classic)
        await client.close()
        await redis.remove()
      })
      const webui = await startService(t, 'webui', { LEDGER_URL: redis.url })
      const { page: tab, complaints } = await openPage(t, webui.url)
      await tab.locator('.state', { hasText: 'Workers that do not report make' }).waitFor()
      await tab.locator('.now strong', { hasText: /^(9|10|11)\.\d/ }).waitFor()
      assert.equal(await tab.getByText('nothing is counted').count(), 0)
      assert.match(await tab.locator('.verdict .sentence').innerText(), /^Only workers that do not report are mining/)
      assert.deepEqual(complaints, [])
    },
  )

  test('is shown in frames of the pages that may frame it, and in no others', { timeout: 60_000 }, async (t) => {
    const framed = await startWebui(t, await page, { FRAME_ANCESTORS: 'http://127.0.0.1:*' })
    const unframed = await startWebui(t, await page)
    const lab = createServer((_, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(
        `<iframe name="framed" src="${framed.url}"></iframe><iframe name="unframed" src="${unframed.url}"></iframe>`,
      )
    })
    const port = await listenLocally(lab)
    t.after(() => lab.close())
    const { page: tab } = await openPage(t, `http://127.0.0.1:${port}`)
    await tab.frameLocator('iframe[name=framed]').getByRole('heading', { name: 'DockerCoins' }).waitFor()
    const refused = tab.frameLocator('iframe[name=unframed]')
    assert.equal(await refused.getByRole('heading', { name: 'DockerCoins' }).count(), 0)
  })
})

test(
  'a web UI warns once of a store that may evict the ledger',
  { skip: hasRedisServer() ? false : NO_REDIS, timeout: 60_000 },
  async (t) => {
    const redis = await startRedisServer(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'])
    t.after(() => redis.remove())
    const webui = await startService(t, 'webui', { LEDGER_URL: redis.url })
    await webui.line(/may evict .* found allkeys-lru/)
    assert.equal(webui.lines.filter((line) => line.includes('may evict')).length, 1)
  },
)
