import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'

import { parseSettings } from '@dockercoins/service'
import { hasBrowser, NO_BROWSER, openPage } from '@dockercoins/testing/browser'
import { buildWebui } from '@dockercoins/webui/app'
import { settings } from '@dockercoins/webui/config'
import { loadPage } from '@dockercoins/webui/page'

const skip = hasBrowser() ? false : NO_BROWSER

/** A second of one of `workers` workers that share one rng: 3.3 units each, but 10 in all. */
function reportOf(workers: number, index: number) {
  const each = Math.min(3.3, 10 / workers)
  const stage = { workMs: each * 100, networkMs: each, notResponding: [] }
  return {
    worker: `id-${index}`,
    hostname: `worker-${index}`,
    revision: 'r1',
    loops: 1,
    from: Date.now() - 1000,
    to: Date.now(),
    hashes: each,
    hashesPerUnit: 1,
    expiresAfterMs: 5000,
    pauseMs: each * 100,
    delayMs: 100,
    rng: { ...stage, queueMs: 1000 - each * 302, concurrency: 1, replicas: { 'rng-1': each } },
    hasher: { ...stage, queueMs: 0, concurrency: 20, replicas: { 'hasher-1': each } },
    latestCoins: [],
  }
}

/** Starts a web UI in this process, of an application with as many workers as `world` has. */
async function startWebui(t: TestContext, world: { workers: number }) {
  const ledger = {
    totals: () => Promise.resolve({ hashes: 0, coins: 0, recorded: 0 }),
    reports: () => Promise.resolve(Array.from({ length: world.workers }, (_, index) => reportOf(world.workers, index))),
    speeds: (_from: number, count: number) =>
      Promise.resolve(Array<number>(count).fill(Math.min(3.3 * world.workers, 10))),
  } as unknown as Parameters<typeof buildWebui>[1]
  const env = { PORT: '0', HOST: '127.0.0.1', PLATFORM: 'local', BASE_PORT: '8100' }
  const webui = buildWebui(parseSettings(settings, env), ledger, await loadPage())
  webui.log.level = 'silent'
  t.after(() => webui.close())
  await webui.start()
  return `http://127.0.0.1:${(webui.server.address() as AddressInfo).port}`
}

suite('the planner in a browser', { skip }, () => {
  test('keeps a prediction beside the speed that came of it', { timeout: 60_000 }, async (t) => {
    const world = { workers: 1 }
    const { page, complaints } = await openPage(t, await startWebui(t, world))
    const planner = page.locator('.planner')
    await planner.getByLabel('workers, as a number').fill('10')
    await planner.locator('.prediction', { hasText: /predicted 10\.0 .*, limited by rng$/ }).waitFor()
    assert.equal(await planner.locator('code').innerText(), 'npm run scale -- --port 8100 worker=10')
    world.workers = 10
    await planner.locator('.prediction', { hasText: 'predicted 10.0 → measured 10.0' }).waitFor()
    await planner.getByLabel('rng, as a number').fill('3')
    await planner.locator('code', { hasText: 'rng=3' }).waitFor()
    assert.deepEqual(complaints, [])
  })

  test('follows what runs until what was chosen begins to change', { timeout: 60_000 }, async (t) => {
    const world = { workers: 1 }
    const { page } = await openPage(t, await startWebui(t, world))
    const planner = page.locator('.planner')
    await planner.getByLabel('rng, as a number').fill('3')
    await planner.locator('.prediction', { hasText: 'predicted 3.3' }).waitFor()
    world.workers = 10
    await planner.locator('.prediction', { hasText: /predicted (29|30|33)\.\d/ }).waitFor()
    assert.equal(await planner.getByLabel('workers, as a number').inputValue(), '10')
    assert.equal(await planner.locator('code').innerText(), 'npm run scale -- --port 8100 rng=3')
  })

  test('shows at once what counts of a number that is out of bounds', { timeout: 60_000 }, async (t) => {
    const { page } = await openPage(t, await startWebui(t, { workers: 1 }))
    const workers = page.getByLabel('workers, as a number')
    for (const [typed, counts] of Object.entries({ 500: '100', 1000: '100', 0: '1', '-3': '1', '2.6': '3' })) {
      await workers.fill(typed)
      assert.equal(await workers.inputValue(), counts)
    }
    await workers.fill('')
    await workers.blur()
    assert.equal(await workers.inputValue(), '3')
    await page.getByLabel('pause, ms, as a number').fill('50')
    await page.locator('.planner .more', { hasText: 'Stop the application first' }).waitFor()
    assert.equal(
      await page.locator('.planner code').innerText(),
      'WORKER_DELAY_MS=50 npm start -- --port 8100 --scale worker=3',
    )
  })
})
