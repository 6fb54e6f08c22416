import { ledgerSettings } from '@dockercoins/ledger'
import { httpSettings, text, type Config } from '@dockercoins/service'
import * as v from 'valibot'

import { platforms } from './scale-command.ts'

export const settings = {
  ...httpSettings,
  ...ledgerSettings,
  platform: text('PLATFORM', {
    default: 'local',
    meaning: 'what runs the services, so that advice is in its words: `local` (`npm start`), `compose` or `kubernetes`',
    expected: '"local", "compose" or "kubernetes"',
    schema: v.picklist(platforms),
  }),
}

export type WebuiConfig = Config<typeof settings>
