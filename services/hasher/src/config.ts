import { httpSettings, integer, type Config } from '@dockercoins/service'
import { simulatedWorkSettings } from '@dockercoins/simulation'

export const settings = {
  ...httpSettings,
  ...simulatedWorkSettings({ concurrency: 20, takes: 'each `POST`' }),
  maxBytes: integer('MAX_BYTES', {
    default: 32 * 1024 * 1024,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    unit: 'bytes',
    meaning: 'largest body that `POST /` takes',
  }),
}

export type HasherConfig = Config<typeof settings>
