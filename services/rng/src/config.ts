import { httpSettings, integer, type Config } from '@dockercoins/service'
import { simulatedWorkSettings } from '@dockercoins/simulation'

export const settings = {
  ...httpSettings,
  ...simulatedWorkSettings({ concurrency: 1, takes: 'each `GET /{n}`' }),
  maxBytes: integer('MAX_BYTES', {
    default: 32 * 1024 * 1024,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    unit: 'bytes',
    meaning: 'most bytes that one request may ask for',
  }),
}

export type RngConfig = Config<typeof settings>
