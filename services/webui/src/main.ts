import { openLedger } from '@dockercoins/ledger'
import { exit, loadConfig, exitMisconfigured, serve, stopSignal } from '@dockercoins/service'

import { buildWebui } from './app.ts'
import { settings } from './config.ts'
import { loadPage } from './page.ts'

const config = loadConfig(settings)
const stop = stopSignal()
const page = await loadPage({ ...config, label: config.label || config.namespace }).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
const warn = (line: string) => webui.log.warn(line)
const ledger = await openLedger({ ...config, warn }).catch((error: Error) => exitMisconfigured(error.message))
const webui = buildWebui(config, ledger, page)
await serve(webui, stop)
await ledger.close()
await exit()
