import { integer, text, type Config } from '@dockercoins/service/settings'
import * as v from 'valibot'

const share = v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0)
const whole = (max: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max)), 0)

/** What goes wrong on purpose, and for how many seconds. A share is a part of the requests, 0 to 1. */
export const fault = v.strictObject({
  /** Further service time of each request, milliseconds. A request may take it after the end. */
  slowerMs: whole(10_000),
  /** Share of requests that get 500. */
  errors: share,
  /** Share of requests, probes included, that get no response before the fault ends. */
  hang: share,
  /** Share of responses that lack the second half of their body. */
  cut: share,
  /** Memory that is kept, MiB. */
  memoryMb: whole(1024),
  /** Part of a processor that is kept busy, 0 to 1. */
  cpu: share,
  /** Whether `/readyz` returns 503. */
  unready: v.optional(v.boolean(), false),
  /** Every fault ends by itself. */
  seconds: v.pipe(v.number(), v.minValue(1), v.maxValue(3600)),
})
export type Fault = v.InferOutput<typeof fault>

/** The settings of simulated work; the default of `concurrency` differs between rng and hasher. */
export function simulatedWorkSettings({ concurrency, takes }: { concurrency: number; takes: string }) {
  return {
    delayMs: integer('DELAY_MS', {
      default: 100,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      meaning: `time that ${takes} takes; 0 switches the simulation off`,
    }),
    concurrency: integer('CONCURRENCY', {
      default: concurrency,
      min: 1,
      max: 1_000_000,
      meaning: 'requests served at a time; the rest wait in arrival order',
    }),
    maxQueue: integer('MAX_QUEUE', {
      default: 1000,
      min: 0,
      max: 1_000_000,
      meaning: 'waiting requests; one more is answered 503 with `Retry-After`',
    }),
    // Undefined where faults are allowed and none begins at the start; false where they are not.
    faults: text<Fault | undefined | false>('FAULTS', {
      default: false,
      shown: 'not allowed',
      meaning: '`allow` lets `PUT /faults` break the service on purpose; a fault in JSON begins at the start',
      expected: '"allow", or a fault such as {"errors":0.1,"seconds":60} (docs/faults.md)',
      schema: v.union([
        v.pipe(
          v.literal('allow'),
          v.transform(() => undefined),
        ),
        v.pipe(v.string(), v.parseJson(), fault),
      ]),
    }),
  }
}

export type SimulatedWorkConfig = Config<ReturnType<typeof simulatedWorkSettings>>
