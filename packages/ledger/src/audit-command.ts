import { loadConfig } from '@dockercoins/service'

import { audit, describeAudit } from './audit.ts'
import { ledgerSettings, openLedger } from './index.ts'

// npm run audit [-- URL]: exits with 0 when the ledger is sound, 1 when it is not, 2 when it cannot be read, 78 for bad settings.

const [url] = process.argv.slice(2)
if (url !== undefined) process.env.REDIS_URL = url
const config = loadConfig(ledgerSettings)

try {
  const ledger = await openLedger(config)
  try {
    const found = await audit(ledger)
    for (const line of describeAudit(found)) console.log(line)
    process.exitCode = found.sound ? 0 : 1
  } finally {
    await ledger.close()
  }
} catch (error) {
  console.error(`The ledger cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 2
}
