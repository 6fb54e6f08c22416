import { ledgerSettings, walletSettings } from '@dockercoins/ledger'
import { httpSettings, integer, text } from '@dockercoins/service'
import * as v from 'valibot'

const milliseconds = { min: 1, max: 3_600_000, unit: 'ms' }

export const settings = {
  ...httpSettings,
  ...ledgerSettings,
  ...walletSettings,
  rngUrls: urls('RNG_URL', 'http://rng'),
  hasherUrls: urls('HASHER_URL', 'http://hasher'),
  loops: integer('LOOPS', { default: 1, min: 1, max: 10_000, meaning: 'units of work in flight at once' }),
  hashesPerUnit: integer('BATCH', {
    default: 1,
    min: 1,
    max: 1000,
    meaning: 'hashes per unit of work, with one request to rng and one to hasher; 1 to 1000',
  }),
  delayMs: integer('DELAY_MS', { ...milliseconds, min: 0, default: 100, meaning: 'pause before each unit of work' }),
  intervalMs: integer('INTERVAL_MS', {
    ...milliseconds,
    default: 1000,
    meaning: 'how often counts reach the ledger',
  }),
  timeoutMs: integer('TIMEOUT_MS', {
    ...milliseconds,
    default: 30_000,
    meaning: 'longest wait for a response of rng or hasher, time in their queues included',
  }),
}

function urls(variable: string, fallback: string) {
  const toUrls = v.transform((list: string) => list.split(',').map((url) => URL.parse(url.trim())))
  return text(variable, {
    default: [new URL(fallback)],
    shown: `\`${fallback}\``,
    meaning: 'one URL or several, comma-separated; each address that they resolve to gets its share',
    expected:
      'one URL or several, comma-separated, each http:// or https:// with a host, a port if needed, and no path',
    schema: v.pipe(v.string(), toUrls, v.array(v.pipe(v.instance(URL), v.check(isOrigin)))),
  })
}

function isOrigin({ protocol, username, password, pathname, search, hash }: URL): boolean {
  return /^https?:$/.test(protocol) && pathname === '/' && !(username || password || search || hash)
}
