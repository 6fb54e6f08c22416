import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { loadConfig } from '@dockercoins/service'

import { audit, describeAudit } from './audit.ts'
import { fileOf } from './file-url.ts'
import { ledgerSettings, openLedger } from './index.ts'

// npm run audit [-- URL]: exits with 0 when the ledger is sound, 1 when it is not, 2 when it cannot be read, 78 for bad settings.

// npm runs this in the repository's folder; a path is meant from where the user stands.
if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD)
const [url] = process.argv.slice(2)
if (url !== undefined) process.env.LEDGER_URL = url
const config = loadConfig(ledgerSettings)

try {
  const path = config.ledgerUrl.startsWith('file:') ? fileOf(config.ledgerUrl) : undefined
  if (path !== undefined && !existsSync(path)) throw new Error(`there is no file ${resolve(path)}`)
  const ledger = await openLedger(config)
  try {
    const found = await audit(ledger)
    for (const line of describeAudit(found)) console.log(line)
    process.exitCode = found.sound ? 0 : 1
  } finally {
    await ledger.close()
  }
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  console.error(`The ledger cannot be read: ${reason}. Name another, as npm start tells it: npm run audit -- file:PATH`)
  process.exitCode = 2
}
