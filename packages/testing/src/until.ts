import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

const TIMEOUT_MS = 120_000
const ASK_AGAIN_MS = 10

/**
 * Settles as `promise` does. Rejects after `timeoutMs` milliseconds with `what` was awaited, and
 * what `came` says there was instead.
 */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  came: () => string = () => 'nothing',
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`expected ${what} within ${timeoutMs / 1000} s, got ${came()}`)),
    timeoutMs,
  )
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}

/**
 * Asks `question` again and again until `willDo` accepts its answer, and returns that answer. A
 * question that fails is asked again. Rejects after `timeoutMs` milliseconds with `what` was
 * awaited, and the last answer or error.
 */
export async function until<T>(
  what: string,
  question: () => T | Promise<T>,
  willDo: (answer: T) => boolean = () => true,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  let last = 'no answer'
  const timedOut = new AbortController()
  async function ask(): Promise<T> {
    for (;;) {
      timedOut.signal.throwIfAborted()
      const asked = performance.now()
      try {
        const answer = await question()
        if (willDo(answer)) return answer
        last = inspect(answer, { breakLength: Infinity })
      } catch (error) {
        last = String(error)
      }
      // At most half of the time goes to questions, so that what is awaited has the other half.
      await sleep(Math.max(ASK_AGAIN_MS, performance.now() - asked))
    }
  }
  return within(what, ask(), () => last, timeoutMs).finally(() => timedOut.abort())
}
