import { exit, loadConfig, serve, stopSignal } from '@dockercoins/service'

import { buildRng } from './app.ts'
import { settings } from './config.ts'

await serve(buildRng(loadConfig(settings)), stopSignal())
await exit()
