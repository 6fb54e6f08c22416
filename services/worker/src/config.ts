import { ledgerSettings, walletSettings } from '@dockercoins/ledger'
import { httpSettings, integer, text } from '@dockercoins/service'
import * as v from 'valibot'

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
    meaning: 'hashes that a unit of work makes, with one request to rng and one to hasher; 1 to 1000',
  }),
  delayMs: integer('DELAY_MS', {
    default: 100,
    min: 0,
    max: 3_600_000,
    unit: 'ms',
    meaning: 'pause before each unit of work',
  }),
  intervalMs: integer('INTERVAL_MS', {
    default: 1000,
    min: 1,
    max: 3_600_000,
    unit: 'ms',
    meaning: 'how often counts reach the ledger',
  }),
  timeoutMs: integer('TIMEOUT_MS', {
    default: 30_000,
    min: 1,
    max: 3_600_000,
    unit: 'ms',
    meaning: 'longest wait for an answer of rng or hasher, their lines included',
  }),
}

function urls(variable: string, fallback: string) {
  return text(variable, {
    default: [new URL(fallback)],
    shown: `\`${fallback}\``,
    meaning: 'one URL or several, comma-separated; every address that they resolve to gets its share',
    expected:
      'one URL or several, comma-separated, each http:// or https:// with a host and perhaps a port, and no path',
    schema: v.pipe(
      v.string(),
      v.transform((list) => list.split(',').map((url) => url.trim())),
      v.array(
        v.pipe(
          v.string(),
          v.url(),
          v.transform((url) => new URL(url)),
          v.check(isOrigin),
        ),
      ),
    ),
  })
}

function isOrigin({ protocol, username, password, pathname, search, hash }: URL): boolean {
  return /^https?:$/.test(protocol) && !username && !password && pathname === '/' && !search && !hash
}
