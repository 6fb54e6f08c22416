import { test } from 'node:test'

import { parseSettings } from '@dockercoins/service'
import { assertDescribesRoutes } from '@dockercoins/testing/openapi'

import openapi from '../openapi.json' with { type: 'json' }
import { buildWorker } from './app.ts'
import { settings } from './config.ts'

test('openapi.json describes exactly the routes', async (t) => {
  const worker = buildWorker(parseSettings(settings, {}), () => true)
  t.after(() => worker.close())
  await assertDescribesRoutes(openapi, worker)
})
