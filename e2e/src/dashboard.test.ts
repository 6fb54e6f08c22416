import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'

import { AxeBuilder } from '@axe-core/playwright'
import { until } from '@dockercoins/testing'
import { hasBrowser, NO_BROWSER, openPage } from '@dockercoins/testing/browser'
import { listenLocally } from '@dockercoins/testing/listen'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'
import { startStack } from '@dockercoins/testing/start-stack'
import type { Page } from 'playwright-core'

const skip = !hasBrowser() ? NO_BROWSER : !hasRedisServer() ? NO_REDIS : false
/** Within this time the page is to show a change of the world, milliseconds. */
const SHOWN_WITHIN_MS = 5000

async function untilState(page: Page, title: string | RegExp, timeout = SHOWN_WITHIN_MS): Promise<void> {
  await page.locator('.state strong', { hasText: title }).waitFor({ timeout })
}

/** What the page advises where one rng is too few. */
const commands: Record<string, RegExp> = {
  local: /npm run scale -- --port \d+ rng=[23]$/,
  compose: /--scale worker=10 --scale rng=[23]$/,
  cluster: /^kubectl --namespace \S+ scale deployment rng --replicas=[23]$/,
}

/** Containers take their time to start. */
const untilMining = (page: Page) => untilState(page, /running/i, 30_000)

interface TableRow {
  from: string
  mean: number
  lowest: number
  highest: number
}

function isFlat({ mean, lowest, highest }: TableRow): boolean {
  return mean > 3 && mean <= 3.4 && highest - lowest < mean / 10
}

/** The graph's data, from its table. */
async function tableRows(page: Page): Promise<TableRow[]> {
  const rows = await page.locator('.graphs tbody tr').allInnerTexts()
  return rows.map((row) => {
    const [from = '', ...speeds] = row.trim().split(/\s+/)
    const [mean = NaN, lowest = NaN, highest = NaN] = speeds.map(Number)
    return { from, mean, lowest, highest }
  })
}

function assertNone(complaints: string[]): void {
  assert.deepEqual(complaints, [])
}

/** Waits until the big figure is as `pattern` has it. */
async function untilSpeed(page: Page, pattern: RegExp): Promise<void> {
  await page.locator('.now strong').getByText(pattern).waitFor()
}

/** Waits for a moment at which `isTrue` of the rows of the graph's table. */
function untilTable(page: Page, isTrue: (rows: TableRow[]) => boolean): Promise<TableRow[]> {
  return until('the rows of the graph’s table', () => tableRows(page), isTrue)
}

/** An open note or dialog. */
const OPENED = ':is(:popover-open, dialog[open])'

/** What axe finds fault with, and why. The page has no frames, for which another tab is opened else. */
async function askAxe(axe: AxeBuilder): Promise<string[]> {
  const { violations } = await axe.setLegacyMode().analyze()
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`))
}

/**
 * How far things on the page moved by themselves: the sum of the layout shifts since it was loaded.
 */
function layoutShift(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    let sum = 0
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) sum += hadRecentInput ? 0 : value
    }).observe({ type: 'layout-shift', buffered: true })
    setTimeout(() => resolve(sum), 100)
  })`)
}

/**
 * A proxy for `port`. After `forget` it drops the data of its connections without closing them, as
 * a restarted router does.
 */
async function startForgetfulProxy(t: TestContext, port: number) {
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    client.pipe(server).pipe(client)
    for (const socket of [client, server]) sockets.add(socket.on('error', () => {}))
  })
  const proxyPort = await listenLocally(proxy)
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  return {
    port: proxyPort,
    forget() {
      for (const socket of sockets) socket.unpipe().resume()
    },
  }
}

suite('the dashboard in a browser', { skip }, () => {
  test(
    'shows the speed of one worker, as a flat line, and the same after a reload',
    { timeout: 120_000 },
    async (t) => {
      const { urls } = await startStack(t)
      const { page, complaints } = await openPage(t, urls.webui)
      await untilMining(page)
      await page.reload()
      await untilSpeed(page, /\d/)

      await page.getByRole('radio', { name: '1 min', exact: true }).check()
      await page.locator('.graphs').getByText('Show as a table').click()
      // A row is of six seconds.
      await untilTable(page, (rows) => rows.slice(-4, -1).every(isFlat))

      await page.reload()
      await page.locator('.graphs').getByText('Show as a table').click()
      const again = await untilTable(page, (rows) => rows.some(({ mean }) => mean > 3))
      assert.ok(again.filter(isFlat).length >= 3, JSON.stringify(again))
      assert.ok((await layoutShift(page)) < 0.02, `things moved by ${await layoutShift(page)}`)
      assertNone(complaints)
    },
  )

  test('shows that ten workers fill one rng, and how to add more of it', async (t) => {
    const { urls } = await startStack(t, { scale: { worker: 10 } })
    const { page, complaints } = await openPage(t, urls.webui)
    await page.locator('.node.rng.alarm').waitFor()
    await untilSpeed(page, /^(9\.9\d|10\.0)$/)
    assert.equal(await page.locator('.node.alarm').count(), 1)
    // A busy machine may have a weaker second, so that this is waited for.
    await page.locator('.verdict .evidence', { hasText: /^rng is (99|100) % busy, requests wait \d+ ms$/ }).waitFor()
    // On a busy machine one more is enough, and not two.
    assert.match(await page.locator('.verdict').innerText(), /Loops wait for rng: add (replicas|a replica)\./)
    assert.match(
      await page.locator('.verdict code').innerText(),
      commands[process.env.STACK ?? ''] ?? commands['local']!,
    )
    assertNone(complaints)
  })

  test('shows that three rng are enough for ten workers', async (t) => {
    const { urls } = await startStack(t, { scale: { worker: 10, rng: 3 } })
    const { page, complaints } = await openPage(t, urls.webui)
    await page.locator('.verdict', { hasText: 'Workers and rng match' }).waitFor()
    assert.equal(await page.locator('.node.alarm').count(), 0)
    assert.match(await page.locator('.node.rng h3').innerText(), /^rng\s*× 3$/)
    await untilSpeed(page, /^(28|29|30)\./)
    assertNone(complaints)
  })

  test('shows when the worker, the ledger or its own server is gone, and recovers by itself', async (t) => {
    const stack = await startStack(t)
    const { page, complaints } = await openPage(t, stack.urls.webui)
    await untilMining(page)

    await stack.stop('worker', 'SIGKILL')
    await untilState(page, 'No workers')
    await page.locator('.verdict', { hasText: 'No worker reports: start one.' }).waitFor()
    await stack.start('worker')
    await untilMining(page)

    await stack.stop('redis', 'SIGKILL')
    await untilState(page, 'Ledger away')
    assert.match(await page.locator('.state').innerText(), /since \d\d:\d\d:\d\d/)
    await stack.start('redis')
    await untilMining(page)
    assertNone(complaints)

    await stack.stop('webui', 'SIGKILL')
    await untilState(page, 'Connection lost')
    await stack.start('webui')
    await untilMining(page)
    // Chromium itself logs that the connection was refused.
    assertNone(complaints.filter((line) => !line.includes('net::ERR_')))
  })

  test('draws the saw-tooth in the classic view, and only there', async (t) => {
    // Entries so far apart make teeth that are high and wide, also while a busy machine makes few hashes.
    const { urls } = await startStack(t, { env: { INTERVAL_MS: '3000' } })
    const { page, complaints } = await openPage(t, urls.webui)
    await untilMining(page)
    const picture = page.getByRole('application', { name: /classic/ })
    assert.equal(await picture.count(), 0)
    await page.getByRole('switch', { name: 'Classic view' }).check()
    await page
      .getByRole('application', { name: /classic.* 0\.00 at least, (3\.[5-9]|[4-9]|\d\d)[\d.]* at most/ })
      .waitFor()
    await page.reload()
    await picture.waitFor()
    assertNone(complaints)
  })

  test('makes a new connection when the old one falls silent', async (t) => {
    const { urls } = await startStack(t)
    const proxy = await startForgetfulProxy(t, Number(new URL(urls.webui).port))
    const { page, complaints } = await openPage(t, `http://127.0.0.1:${proxy.port}`)
    await untilMining(page)
    proxy.forget()
    await untilState(page, 'Stale numbers', 10_000)
    await untilMining(page)
    assertNone(complaints)
  })

  test('works where a page may store nothing', async (t) => {
    const { urls } = await startStack(t)
    const { page, complaints } = await openPage(t, urls.webui)
    await page.addInitScript(`Object.defineProperty(window, 'localStorage', {
      get() { throw new DOMException('denied', 'SecurityError') },
    })`)
    await page.reload()
    await untilMining(page)
    await page.getByRole('button', { name: 'Theme: system' }).click()
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'light')
    assertNone(complaints)
  })

  for (const theme of ['light', 'dark'] as const) {
    test(`has nothing that axe finds fault with, ${theme}`, async (t) => {
      const { urls } = await startStack(t, { scale: { worker: 4 } })
      const { page } = await openPage(t, urls.webui, { theme })
      await page.locator('.node.alarm').waitFor()
      await page.locator('.coins li').first().waitFor()
      await page.getByRole('switch', { name: 'Classic view' }).check()
      for (const summary of await page.locator('summary').all()) await summary.click()
      assertNone(await askAxe(new AxeBuilder({ page })))
      // Notes and dialogs, of which one is open at a time.
      const openers = await page.locator('[popovertarget], [aria-haspopup=dialog]').all()
      assert.ok(openers.length >= 9, `${openers.length} openers`)
      for (const opener of openers) {
        await opener.press('Enter')
        const opened = page.locator(OPENED)
        await opened.waitFor()
        assertNone(await askAxe(new AxeBuilder({ page }).include(OPENED)))
        await page.keyboard.press('Escape')
        await opened.waitFor({ state: 'detached' })
        await opener.and(page.locator(':focus')).waitFor()
      }
    })
  }

  test('is all within reach of the keyboard', async (t) => {
    const { urls } = await startStack(t)
    const { page } = await openPage(t, urls.webui)
    await page.locator('.node.worker .per-second').waitFor()
    await page.locator('.verdict code').waitFor()
    const reached: string[] = []
    for (let stop = 0; stop < 60; stop++) {
      await page.keyboard.press('Tab')
      const name = await page.evaluate<string>(`
        document.activeElement === document.body
          ? ''
          : document.activeElement.ariaLabel ||
            (document.activeElement.labels?.[0] ?? document.activeElement).textContent ||
            document.activeElement.ariaRoleDescription`)
      if (!name) break
      reached.push(name.trim())
      if (name === '5 min') await page.keyboard.press('ArrowRight')
      if (name.startsWith('Theme')) await page.keyboard.press('Enter')
      if (name === 'Classic view') await page.keyboard.press('Space')
      if (name === 'Show as a table' && reached.at(-2)?.includes('CSV')) await page.keyboard.press('Enter')
    }
    for (const name of ['Glossary', 'Links', 'Present', '5 min', 'Save the graph as PNG', 'Save the figures as CSV'])
      assert.ok(reached.includes(name), `${name} is not among ${reached.join(', ')}`)
    for (const name of [
      /^Theme/,
      /^Copy the command/,
      /^About: Speed over time/,
      /^workers/,
      /^loops/,
      /^rng/,
      /^hasher/,
      /^pause/,
    ])
      assert.ok(
        reached.some((each) => name.test(each)),
        `${name} is not among ${reached.join(', ')}`,
      )
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'light')
    assert.ok(await page.getByRole('radio', { name: '15 min' }).isChecked())
    assert.ok(await page.getByText('as the classic drew it').isVisible())
    assert.ok(await page.locator('.graphs table').isVisible())
  })

  test('holds together from a phone to a projector', async (t) => {
    const { urls } = await startStack(t, { scale: { worker: 4 } })
    for (const width of [360, 768, 1280, 2560]) {
      const { page } = await openPage(t, urls.webui, { width })
      await page.locator('.node.alarm').or(page.getByText('too busy')).first().waitFor()
      assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), width)
      assert.ok((await layoutShift(page)) < 0.02, `${width} px: things moved by ${await layoutShift(page)}`)
    }
  })
})
