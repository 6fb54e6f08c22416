import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { loadConfig } from '@dockercoins/service'

import { ledgerSettings, openLedger } from '../index.ts'
import { fileOf } from '../settings.ts'
import { audit, describeAudit } from './audit.ts'

const USAGE = `Usage: npm run audit [-- URL]
Checks the ledger at URL (default: LEDGER_URL), under KEY_PREFIX. URL: redis://HOST:PORT, rediss://HOST:PORT or file:PATH.
Exit code: 0: sound; 1: not sound; 2: the ledger cannot be read; 78: invalid settings.`

const [url] = process.argv.slice(2)
if (url === '--help' || url === '-h') {
  console.log(USAGE)
  process.exit()
}
// npm runs the command in the repository's folder; a relative path is relative to the user's.
if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD)
// The argument is read like a variable, so that an error about it names the argument.
const variable = url === undefined ? ledgerSettings.ledgerUrl.variable : 'The URL argument'
if (url !== undefined) process.env[variable] = url
const config = loadConfig({ ...ledgerSettings, ledgerUrl: { ...ledgerSettings.ledgerUrl, variable } })

try {
  const path = fileOf(config.ledgerUrl)
  if (path !== undefined && !existsSync(path)) throw new Error(`there is no file ${resolve(path)}`)
  const ledger = await openLedger(config)
  const found = await audit(ledger).finally(() => ledger.close())
  for (const line of describeAudit(found)) console.log(line)
  process.exitCode = found.sound ? 0 : 1
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  console.error(
    `The ledger cannot be read: ${reason}. To check another ledger: npm run audit -- URL (of npm start: file:.data/8000/ledger.db)`,
  )
  process.exitCode = 2
}
