import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { assertNothingLost } from '@dockercoins/testing/counting'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'
import { startStack } from '@dockercoins/testing/start-stack'
import { startTraceCollector, type ReceivedSpan } from '@dockercoins/testing/trace-collector'

const skip = hasRedisServer() ? false : NO_REDIS
/** Exports a few times per second, and gives up soon. */
const often = { OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_EXPORTER_OTLP_TIMEOUT: '500' }

/** A trace as lines: each span with its process and its kind, below the span that it is a part of. */
function outline(spans: ReceivedSpan[], parent?: ReceivedSpan, indent = ''): string[] {
  const lines: string[] = []
  for (const span of spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId)) {
    lines.push(`${indent}${span.resource['service.name']} ${span.kind} ${span.name}`)
    lines.push(...outline(spans, span, `${indent}  `))
  }
  return lines
}

const UNIT = [
  'worker internal unit of work',
  '  worker internal pause',
  '  worker client GET',
  '    rng server GET /:count',
  '      rng internal queue',
  '      rng internal work',
  '  worker client POST',
  '    hasher server POST /',
  '      hasher internal queue',
  '      hasher internal work',
]

/** The trace of a unit of work that waited at rng, once all of it has come. */
function waitingUnit(all: ReceivedSpan[]): ReceivedSpan[] | undefined {
  const waiting = all.filter(
    ({ name, ms, resource }) => name === 'queue' && ms > 200 && resource['service.name'] === 'rng',
  )
  const traces = waiting.map(({ traceId }) => all.filter((span) => span.traceId === traceId))
  return traces.find((spans) => spans.length === UNIT.length)
}

test('under ten workers the trace of a unit of work shows the queue of rng', { skip }, async (t) => {
  const collector = await startTraceCollector(t)
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...often }
  const stack = await startStack(t, { env, scale: { worker: 10 } })
  const unit = await collector.until('a unit of work that waited at rng', waitingUnit)
  assert.deepEqual(outline(unit).toSorted(), UNIT.toSorted())

  const [entry, snapshot] = await collector.until('an entry and a snapshot', (all) => {
    const found = ['record entry', 'read snapshot'].map((name) => all.find((span) => span.name === name))
    return found.every((span) => span) ? found : undefined
  })
  assert.equal(entry!.resource['service.name'], 'worker')
  assert.equal(snapshot!.resource['service.name'], 'webui')

  const traceId = randomBytes(16).toString('hex')
  const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` }
  const response = await fetch(`${stack.urls.rng}/32`, { headers })
  const [, queueMs, workMs] =
    /queue;dur=([\d.]+), work;dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '') ?? []
  for (const [name, ms] of Object.entries({ queue: Number(queueMs), work: Number(workMs) })) {
    const span = await collector.until(name, (all) => all.find((one) => one.traceId === traceId && one.name === name))
    assert.ok(Math.abs(span.ms - ms) < 2, `${name}: expected ${ms} ms as in Server-Timing, got ${span.ms} ms`)
  }

  await assertNothingLost(stack)
})

test('a collector that hangs, fails or goes away costs no hash, and two lines each time', { skip }, async (t) => {
  const collector = await startTraceCollector(t)
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, DELAY_MS: '5', INTERVAL_MS: '100', ...often }
  const stack = await startStack(t, { env })
  const lines = async () => (await stack.lines('worker')).filter((line) => line.includes('the trace collector at'))
  const untilLines = (count: number) => until(`${count} lines`, lines, ({ length }) => length >= count)

  await collector.until('a span', (all) => all[0])
  for (const [turn, behaviour] of (['hangs', 'garbage', 'fails'] as const).entries()) {
    await collector.behave(behaviour)
    await untilLines(2 * turn + 1)
    await collector.behave('takes')
    await untilLines(2 * turn + 2)
  }
  const comeBack = await collector.leave()
  await untilLines(7)
  await comeBack()
  await untilLines(8)
  for (const [index, line] of (await lines()).entries()) assert.match(line, index % 2 === 0 ? /is lost/ : /recovered/)

  await collector.behave('hangs')
  await assertNothingLost(stack)
})
