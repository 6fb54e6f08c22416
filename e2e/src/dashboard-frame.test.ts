import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { hasBrowser, NO_BROWSER, openPage } from '@dockercoins/testing/browser'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'
import { startStack } from '@dockercoins/testing/start-stack'
import type { Page } from 'playwright-core'

const skip = !hasBrowser() ? NO_BROWSER : !hasRedisServer() ? NO_REDIS : false

async function untilRunning(page: Page): Promise<void> {
  await page.locator('.state strong', { hasText: '1 worker running' }).waitFor()
}

/** What is after the host in the page's address, and the length of the tab's history. */
function address(page: Page): Promise<[string, number]> {
  return page.evaluate<[string, number]>('[location.pathname + location.search, history.length]')
}

suite('the frame of the dashboard', { skip }, () => {
  test('is one screen without scrolling, and as wide as the window', async (t) => {
    const { urls } = await startStack(t)
    for (const [width, height] of [
      [1280, 720],
      [1920, 1080],
      [2560, 1440],
    ] as const) {
      const { page } = await openPage(t, urls.webui, { width, height })
      await untilRunning(page)
      const { scrollWidth, scrollHeight } = await page.evaluate<Record<'scrollWidth' | 'scrollHeight', number>>(
        '(({ scrollWidth, scrollHeight }) => ({ scrollWidth, scrollHeight }))(document.documentElement)',
      )
      assert.deepEqual([scrollWidth, scrollHeight], [width, height])
      const parts = await page.locator('main > section').all()
      const boxes = await Promise.all(parts.map((part) => part.boundingBox()))
      assert.ok(Math.max(...boxes.map((box) => box!.x + box!.width)) > 0.97 * width)
      assert.ok(Math.max(...boxes.map((box) => box!.y + box!.height)) <= height)
    }
  })

  test('has the speed and the verdict above the fold of a phone', async (t) => {
    const { urls } = await startStack(t)
    const { page } = await openPage(t, urls.webui, { width: 360, height: 740 })
    await untilRunning(page)
    const verdict = await page.locator('.verdict').boundingBox()
    assert.ok(verdict!.y + verdict!.height < 740)
  })

  test('has the pipeline as a table that fits a phone', async (t) => {
    const { urls } = await startStack(t)
    const { page } = await openPage(t, urls.webui, { width: 360, height: 740 })
    await untilRunning(page)
    await page.locator('.pipeline').getByRole('button', { name: 'Show as a table' }).click()
    const dialog = page.getByRole('dialog', { name: 'The pipeline as a table' })
    await dialog.getByRole('rowheader', { name: 'capacity in use' }).waitFor()
    const widths = await page.evaluate<[number, number]>(
      `(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector('dialog[open]'))`,
    )
    assert.equal(widths[0], widths[1])
    await dialog.getByRole('button', { name: 'Close' }).click()
    await dialog.waitFor({ state: 'hidden' })
  })

  test('presents by the key p or by its URL, which stays one entry in the history', async (t) => {
    const { urls } = await startStack(t)
    const { page } = await openPage(t, `${urls.webui}/?minutes=15`)
    await untilRunning(page)
    assert.ok(await page.getByRole('radio', { name: '15 min' }).isChecked())
    const [, entries] = await address(page)

    await page.keyboard.press('p')
    await page.locator('.address', { hasText: new URL(urls.webui).host }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Glossary' }).isVisible(), false)
    assert.deepEqual(await address(page), ['/?minutes=15&present', entries])

    await page.reload()
    await page.locator('.address').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.coins').waitFor()
    assert.deepEqual(await address(page), ['/?minutes=15', entries])
  })

  test('explains itself by keyboard', async (t) => {
    const { urls } = await startStack(t)
    const { page } = await openPage(t, urls.webui)
    await untilRunning(page)
    await page.getByRole('button', { name: 'About: Why these are coins' }).press('Enter')
    const note = page.locator(':popover-open')
    assert.match(await note.innerText(), /one hash in sixteen/)
    await page.keyboard.press('Escape')
    await note.waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Glossary' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Glossary' })
    assert.match(await dialog.innerText(), /unit of work[^]*capacity/)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  })
})
