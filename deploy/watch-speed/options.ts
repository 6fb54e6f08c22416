import { parseArgs } from 'node:util'

const usage = `Compares the speed before an update with the speed after it, and says whether it fell.

Usage: npm run watch-speed -- --url URL [OPTIONS]

Options:
  --url URL           the web UI
  --updated-at TIME   when the update began: seconds since the epoch (date +%s) or 2026-01-31T12:00:00Z;
                      default: now. The speed after the update is that from now on
  --before 60s        how much of the speed before it to compare (20s to 10m)
  --for 60s           how long to watch at most (20s to 10m)
  --drop 20%          a fall of the speed that must be found (5% to 90%)
  --namespace NAME    of Kubernetes: also expect no restart, no error in a log, and a sound ledger
  --json              print the figures as JSON
  --help              print this

Exit code: 0: the speed held; 1: it fell, or something restarted, failed or was lost;
2: something is not known, or an option is wrong.`

/** Durations are in seconds, moments in seconds since the epoch; a drop of 0.2 is 20 %. */
export interface Options {
  url: URL
  updatedAt: number
  beforeS: number
  forS: number
  drop: number
  namespace?: string
  json: boolean
}

/** Reads the command line at the moment `now`. Throws an error of one line when it is not valid. */
export function parseOptions(args: string[], now: number): Options | { help: string } {
  const values = parse(args)
  if (values.help) return { help: usage }
  const { namespace, json } = values
  if (namespace === '') throw wrong('namespace', 'a name', namespace)
  return {
    url: parseUrl(values.url),
    updatedAt: parseMoment(values['updated-at'], now),
    beforeS: parseSeconds('before', values.before),
    forS: parseSeconds('for', values.for),
    drop: parseDrop(values.drop),
    json,
    ...(namespace !== undefined && { namespace }),
  }
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const options = {
    url: text,
    'updated-at': text,
    before: { ...text, default: '60s' },
    for: { ...text, default: '60s' },
    drop: { ...text, default: '20%' },
    namespace: text,
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    // Further lines are about programming.
    throw new Error((error as Error).message.split('\n')[0], { cause: error })
  }
}

function parseUrl(value = ''): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url && /^https?:$/.test(url.protocol) && !(url.username || url.password || url.search || url.hash)) return url
  throw new Error('--url: expected a URL such as http://localhost:8000, without a user, a query or a fragment')
}

function parseMoment(value: string | undefined, now: number): number {
  if (value === undefined) return now
  const moment = /^\d+$/.test(value) ? Number(value) : Date.parse(value) / 1000
  if (moment > now - 1_800 && moment <= now) return moment
  throw wrong('updated-at', 'a moment of the last 30 minutes, such as $(date +%s)', value)
}

function parseSeconds(name: string, value: string): number {
  const [, count = '', unit] = /^(\d{1,3})(s|m)$/.exec(value) ?? []
  const seconds = Number(count) * (unit === 'm' ? 60 : 1)
  if (seconds >= 20 && seconds <= 600) return seconds
  throw wrong(name, 'a duration from 20s to 10m', value)
}

function parseDrop(value: string): number {
  const [, percent = ''] = /^(\d{1,2})%$/.exec(value) ?? []
  if (Number(percent) >= 5 && Number(percent) <= 90) return Number(percent) / 100
  throw wrong('drop', 'a share from 5% to 90%', value)
}

function wrong(option: string, expected: string, got: string): Error {
  return new Error(`--${option}: expected ${expected}, got ${JSON.stringify(got)}`)
}
