import { openLedger } from '@dockercoins/ledger'
import { loadConfig, exitMisconfigured, serve, stopSignal } from '@dockercoins/service'

import { buildWebui } from './app.ts'
import { settings } from './config.ts'
import { loadPage } from './page.ts'

const config = loadConfig(settings)
const stop = stopSignal()
const ledger = await openLedger(config).catch((error: Error) => exitMisconfigured(error.message))
await serve(buildWebui(config, ledger, await loadPage()), stop)
await ledger.close()
