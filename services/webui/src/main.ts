import { openLedger } from '@dockercoins/ledger'
import { exit, loadConfig, exitMisconfigured, serve, stopSignal } from '@dockercoins/service'

import { buildWebui } from './app.ts'
import { settings } from './config.ts'
import { loadPage } from './page.ts'

const config = loadConfig(settings)
const stop = stopSignal()
const ledger = await openLedger(config).catch((error: Error) => exitMisconfigured(error.message))
const page = await loadPage().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
await serve(buildWebui(config, ledger, page), stop)
await ledger.close()
await exit()
