import { exit, loadConfig, serve, stopSignal } from '@dockercoins/service'

import { buildHasher } from './app.ts'
import { settings } from './config.ts'

await serve(buildHasher(loadConfig(settings)), stopSignal())
await exit()
