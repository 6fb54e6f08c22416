import { ledgerSettings } from '@dockercoins/ledger'
import { httpSettings, type Config } from '@dockercoins/service'

export const settings = { ...httpSettings, ...ledgerSettings }

export type WebuiConfig = Config<typeof settings>
