import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'

import { within } from '@dockercoins/testing'
import { openPage } from '@dockercoins/testing/browser'
import { startClusterStack, type ClusterStack } from '@dockercoins/testing/cluster-stack'

/** Forwards a free port of this machine to the page. Resolves to its URL. */
async function forwardPage(t: TestContext, { namespace }: ClusterStack): Promise<string> {
  const args = ['port-forward', '--namespace', namespace.name, 'service/webui', ':80']
  const forward = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => forward.kill())
  const { promise, resolve } = Promise.withResolvers<string>()
  createInterface({ input: forward.stdout }).on('line', (line) => {
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(line) ?? []
    if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
  })
  return within('kubectl port-forward to listen', promise)
}

test('the page works through a port-forward and through the proxy of the API server', async (t) => {
  const stack = await startClusterStack(t, { values: ['webui.env.LABEL=blue'] })
  for (const url of [await forwardPage(t, stack), `${stack.urls.webui}/`]) {
    const { page, complaints } = await openPage(t, url)
    await page.locator('.state strong', { hasText: /running/i }).waitFor()
    await page.locator('.now strong', { hasText: /\d/ }).waitFor()
    assert.match(await page.locator('header').first().innerText(), /blue/i)
    assert.deepEqual(complaints, [], url)
  }
})
