import * as v from 'valibot'

/** One environment variable: its name, its default, what it means and which texts it takes. */
export interface Setting<T> {
  variable: string
  /** An older name of the variable, read where `variable` is absent. */
  alias?: string
  default: T
  /** The default as the README's table shows it: a value as code, anything else in words. */
  shown: string
  meaning: string
  /** What a valid value is, in words; ends the error message. */
  expected: string
  schema: v.GenericSchema<string, T>
}

type Settings = Record<string, Setting<unknown>>
export type Config<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** A variable holds what its setting does not take. The message names the variable, the value and what was expected. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** A whole number in plain decimal digits, from `min` to `max`. `unit` is for the reader: 'ms', 'bytes'. */
export function integer(
  variable: string,
  options: { default: number; min: number; max: number; unit?: string; meaning: string },
): Setting<number> {
  const { min, max, unit, meaning } = options
  const schema = v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number), v.minValue(min), v.maxValue(max))
  const expected = `a whole number from ${min} to ${max}${unit ? ` (${unit})` : ''}`
  return { variable, default: options.default, shown: `\`${options.default}\``, meaning, expected, schema }
}

/** A text that `schema` takes and perhaps turns into something else; `expected` says in words what that is. */
export function text<T>(
  variable: string,
  options: {
    alias?: string
    default: NoInfer<T>
    shown?: string
    meaning: string
    expected: string
    schema: v.GenericSchema<string, T>
  },
): Setting<T> {
  return { variable, ...options, shown: options.shown ?? `\`${String(options.default)}\`` }
}

/**
 * Reads every setting from `env`; a variable that is absent gives its default.
 * Throws ConfigError for the first that is present and not valid: nothing is ever replaced silently.
 */
export function parseSettings<S extends Settings>(settings: S, env: NodeJS.ProcessEnv): Config<S> {
  const entries = Object.entries(settings).map(([name, setting]) => [name, parseSetting(setting, env)])
  return Object.fromEntries(entries) as Config<S>
}

/** `parseSettings` of the process's own environment; on a ConfigError it ends the process. */
export function loadConfig<S extends Settings>(settings: S): Config<S> {
  try {
    return parseSettings(settings, process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return exitMisconfigured(error.message)
  }
}

/** Ends the process because its configuration will not do: one line, and exit code 78 (EX_CONFIG of sysexits.h). */
export function exitMisconfigured(message: string): never {
  console.error(message)
  process.exit(78)
}

function parseSetting(setting: Setting<unknown>, env: NodeJS.ProcessEnv): unknown {
  const names = [setting.variable, ...(setting.alias === undefined ? [] : [setting.alias])]
  const variable = names.find((name) => env[name] !== undefined)
  const value = variable === undefined ? undefined : env[variable]
  if (value === undefined) return setting.default
  const result = v.safeParse(setting.schema, value)
  if (result.success) return result.output
  throw new ConfigError(`${variable} is ${quote(value)}: expected ${setting.expected}`)
}

/** A value fit for one line of a log: control characters escaped, bounded, and no password of a URL shown. */
function quote(value: string): string {
  return JSON.stringify(value.replace(/\/\/[^@]*@/g, '//***@').slice(0, 200))
}
