import { hostname } from 'node:os'

import * as v from 'valibot'

/** One environment variable. */
export interface Setting<T> {
  variable: string
  /** An older name of the variable, read where `variable` is absent. */
  alias?: string
  default: T
  /** The default as the documentation shows it: a value as code, anything else in words. */
  shown: string
  meaning: string
  /** What a valid value is, in words; ends the error message. */
  expected: string
  schema: v.GenericSchema<string, T>
}

type Settings = Record<string, Setting<unknown>>
export type Config<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never }
export type HttpConfig = Config<typeof httpSettings>

/** A variable has an invalid value. The message is one line. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** A whole number in plain decimal digits. `unit` is for the reader: 'ms', 'bytes'. */
export function integer(
  variable: string,
  { min, max, unit, ...options }: { default: number; min: number; max: number; unit?: string; meaning: string },
): Setting<number> {
  const schema = v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number), v.minValue(min), v.maxValue(max))
  const expected = `a whole number from ${min} to ${max}${unit ? ` (${unit})` : ''}`
  return text(variable, { ...options, expected, schema })
}

/** A text that `schema` validates and may transform. */
export function text<T>(
  variable: string,
  options: Omit<Setting<T>, 'variable' | 'default' | 'shown'> & { default: NoInfer<T>; shown?: string },
): Setting<T> {
  return { variable, ...options, shown: options.shown ?? `\`${String(options.default)}\`` }
}

/** A text that matches `pattern`. */
function matching(pattern: RegExp) {
  return v.pipe(v.string(), v.regex(pattern))
}

/** Reads every setting from `env`. Throws a ConfigError for the first invalid value. */
export function parseSettings<S extends Settings>(settings: S, env: NodeJS.ProcessEnv): Config<S> {
  const entries = Object.entries(settings).map(([name, setting]) => [name, parseSetting(setting, env)])
  return Object.fromEntries(entries) as Config<S>
}

function parseSetting(setting: Setting<unknown>, env: NodeJS.ProcessEnv): unknown {
  const { variable, alias = variable, schema, expected } = setting
  const name = env[variable] === undefined ? alias : variable
  const value = env[name]
  if (value === undefined) return setting.default
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  // JSON escapes line breaks, so the message stays one line.
  throw new ConfigError(`${name} is ${JSON.stringify(redactUrl(value).slice(0, 200))}: expected ${expected}`)
}

/** Reads the settings from the process's own environment. A ConfigError ends the process. */
export function loadConfig<S extends Settings>(settings: S): Config<S> {
  try {
    return parseSettings(settings, process.env)
  } catch (error) {
    if (error instanceof ConfigError) return exitMisconfigured(error.message)
    throw error
  }
}

/** Ends the process with one line and the exit code 78 (EX_CONFIG of sysexits.h). */
export function exitMisconfigured(message: string): never {
  console.error(message)
  process.exit(78)
}

/** A URL, or a comma-separated list of URLs, with `***` in place of user names and passwords. */
export function redactUrl(list: string): string {
  const urls = list.split(/,(?=\s*[a-z][a-z\d+.-]*:\/\/)/i)
  return urls.every((url) => URL.canParse(url)) ? urls.map(redactOne).join(',') : redactOne(list)
}

function redactOne(url: string): string {
  if (/^\s*file:/i.test(url)) return url
  const [, scheme = '', rest = ''] = /^(\s*[a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(url) ?? []
  // A password may hold an unescaped @ or /, so everything before the last @ counts as credentials.
  const end = rest.lastIndexOf('@')
  if (end >= 0) return `${scheme}***${rest.slice(end)}`
  // An invalid URL: what follows the colon may be a password without its host.
  if (scheme && !URL.canParse(url)) return scheme + rest.replace(/:.*$/s, ':***')
  return url
}

/** The name of this replica in `X-Served-By`, in reports and on the page: "rng-1", "rng-1@node-1". */
export function replicaName(config: Pick<HttpConfig, 'hostname' | 'nodeName'>): string {
  return config.nodeName ? `${config.hostname}@${config.nodeName}` : config.hostname
}

/** A URL of OpenTelemetry's own variables, which count as absent while they are empty. */
function collector(variable: string, meaning: string): Setting<string> {
  return text(variable, {
    default: '',
    shown: 'none',
    meaning,
    expected: 'an http:// or https:// URL without a user, such as http://localhost:4318',
    schema: v.pipe(
      v.string(),
      // The page repeats it in commands. A secret belongs in OTEL_EXPORTER_OTLP_HEADERS.
      v.check((url) => url === '' || (URL.canParse(url) && /^https?:\/\/[^@]*$/.test(url))),
    ),
  })
}

const samplers = ['always_on', 'always_off', 'traceidratio'].flatMap((sampler) => [sampler, `parentbased_${sampler}`])

/** The settings that every process has. */
export const httpSettings = {
  host: text('HOST', {
    default: '',
    shown: 'all addresses',
    meaning: 'address to listen on: IPv6 and IPv4, or IPv4 alone where there is no IPv6',
    expected: 'an IP address or a host name of this machine',
    schema: matching(/^[\w.:%-]{1,253}$/),
  }),
  port: integer('PORT', { default: 80, min: 0, max: 65_535, meaning: 'port to listen on; 0 takes a free one' }),
  hostname: text('HOSTNAME', {
    default: hostname().replace(/[^\w.-]/g, '-') || 'localhost',
    shown: "the machine's name",
    meaning: 'name of this replica, sent in `X-Served-By`',
    expected: 'a host name: 1 to 253 letters, digits, dots, hyphens and underscores',
    schema: matching(/^[\w.-]{1,253}$/),
  }),
  nodeName: text('NODE_NAME', {
    default: '',
    shown: 'none',
    meaning: 'the node that runs this replica, added to its name: `rng-1@node-1`; the Helm chart sets it',
    expected: 'a host name: at most 253 letters, digits, dots, hyphens and underscores',
    schema: matching(/^[\w.-]{0,253}$/),
  }),
  maxConnections: integer('MAX_CONNECTIONS', {
    default: 4000,
    min: 2,
    max: 1_000_000,
    meaning:
      'connections at once; half of them may have a request in progress, one more is answered 503 with `Retry-After`',
  }),
  logFormat: text('LOG_FORMAT', {
    default: 'json',
    meaning: '`json`: one object a line; `text`: for people',
    expected: '"json" or "text"',
    schema: v.picklist(['json', 'text']),
  }),
  debug: text('DEBUG', {
    default: false,
    shown: 'no',
    meaning: 'debug logging, on when the value begins with `y`; anything else leaves it off',
    expected: 'any text',
    schema: v.pipe(
      v.string(),
      v.transform((value) => /^y/i.test(value)),
    ),
  }),
  revision: text('REVISION', {
    default: 'unknown',
    meaning: 'source revision, shown by `GET /version` and `dockercoins_build_info`; images set it',
    expected: '1 to 100 letters, digits, dots, hyphens and underscores',
    schema: matching(/^[\w.-]{1,100}$/),
  }),
  otlpEndpoint: collector(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'base URL of an OpenTelemetry collector, which gets [traces](tracing.md) at `/v1/traces`',
  ),
  otlpTracesEndpoint: collector('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'the whole URL for traces, in place of the base'),
  sampler: text('OTEL_TRACES_SAMPLER', {
    default: 'parentbased_always_on',
    meaning:
      'which traces are recorded: `always_on`, `always_off` or `traceidratio`; with `parentbased_` before it, those that the client records',
    expected: samplers.map((sampler) => `"${sampler}"`).join(', '),
    schema: v.pipe(
      v.string(),
      v.transform((sampler) => sampler || 'parentbased_always_on'),
      v.picklist(samplers),
    ),
  }),
  samplerRatio: text('OTEL_TRACES_SAMPLER_ARG', {
    default: 1,
    meaning: 'share of the traces that `traceidratio` records, 0 to 1',
    expected: 'a number from 0 to 1',
    schema: v.pipe(
      v.string(),
      v.regex(/^(\d+(\.\d+)?)?$/),
      v.transform((share) => (share === '' ? 1 : Number(share))),
      v.maxValue(1),
    ),
  }),
}
