import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { startTraceCollector, type ReceivedSpan, type TraceCollector } from '@dockercoins/testing/trace-collector'
import { createTranscript } from '@dockercoins/testing/transcript'

import { createLog } from './log.ts'
import { startTracing } from './opentelemetry.ts'
import { httpSettings, parseSettings } from './settings.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'

/** Tracing with variables that OpenTelemetry itself reads. It exports a few times per second. */
function start(t: TestContext, { url }: TraceCollector, env: Record<string, string> = {}) {
  const all = { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_EXPORTER_OTLP_TIMEOUT: '200', ...env }
  const before = Object.fromEntries(Object.keys(all).map((name) => [name, process.env[name]]))
  Object.assign(process.env, all)
  t.after(() => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  })
  const config = parseSettings(httpSettings, { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`, HOSTNAME: 'rng-1', ...env })
  const output = createTranscript()
  const log = createLog('test', config, output)
  const tracing = startTracing({ service: 'rng', version: '1.2.3', config, log })
  t.after(() => tracing.stop())
  return { tracing, lines: () => Array.from(output.text().matchAll(/"msg":"(.*)"\}/g), ([, line]) => line!), output }
}

/** The spans received, once there are so many. */
function receive(collector: TraceCollector, count: number): Promise<ReceivedSpan[]> {
  return collector.until(`${count} spans`, (all) => (all.length >= count ? all : undefined))
}

test('a span continues the trace of the headers, and its parts are parts of it', async (t) => {
  const collector = await startTraceCollector(t)
  const { tracing } = start(t, collector)
  const headers = { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` }
  // OpenTelemetry takes a moment that is not past for a date.
  const span = tracing.start('request', { kind: 'server', headers, attributes: { a: 1, none: undefined }, at: 10 })
  const part = span.start('part', { kind: 'client', at: 30 })
  part.end({ at: 35.5, error: 'it failed', attributes: { b: 'x'.repeat(300) } })
  span.end({ at: 40 })

  const [inner, outer] = await receive(collector, 2)
  assert.ok(inner && outer)
  assert.match(span.traceparent, new RegExp(`^00-${TRACE_ID}-${outer.spanId}-0[13]$`))
  const resource = { 'service.namespace': 'dockercoins', 'service.name': 'rng', 'service.version': '1.2.3' }
  assert.deepEqual({ ...outer.resource, ...resource, 'service.instance.id': 'rng-1' }, outer.resource)
  const { resource: _, spanId, ...request } = outer
  const expected = {
    traceId: TRACE_ID,
    parentSpanId: SPAN_ID,
    name: 'request',
    kind: 'server',
    ms: 30,
    isError: false,
  }
  assert.deepEqual(request, { ...expected, attributes: { a: 1 } })
  assert.deepEqual([inner.name, inner.kind, inner.traceId, inner.parentSpanId], ['part', 'client', TRACE_ID, spanId])
  assert.ok(inner.isError)
  assert.equal(inner.ms, 5.5)
  assert.equal(String(inner.attributes['b']).length, 250)
})

test('a traceparent that is none begins a trace', async (t) => {
  const collector = await startTraceCollector(t)
  const { tracing } = start(t, collector)
  for (const traceparent of ['', 'x', `00-${TRACE_ID}-${SPAN_ID}`, `00-${'0'.repeat(32)}-${SPAN_ID}-01`])
    tracing.start('request', { headers: { traceparent } }).end()
  for (const { parentSpanId } of await receive(collector, 4)) assert.equal(parentSpanId, undefined)
})

test('the variables of OpenTelemetry name the service and add to its attributes', async (t) => {
  const collector = await startTraceCollector(t)
  const OTEL_RESOURCE_ATTRIBUTES = 'deployment.environment.name=lab,service.instance.id=mine'
  const { tracing } = start(t, collector, { OTEL_SERVICE_NAME: 'dice', OTEL_RESOURCE_ATTRIBUTES })
  tracing.start('request').end()
  const [{ resource }] = (await receive(collector, 1)) as [ReceivedSpan]
  assert.equal(resource['service.name'], 'dice')
  assert.equal(resource['service.instance.id'], 'mine')
  assert.equal(resource['deployment.environment.name'], 'lab')
})

/** The traces that each sampler records: those without a client, of one that records, and of one that does not. */
const samplers: [sampler: string, ratio: string, recorded: [root: boolean, sampled: boolean, unsampled: boolean]][] = [
  ['', '', [true, true, false]],
  ['parentbased_always_on', '', [true, true, false]],
  ['parentbased_always_off', '', [false, true, false]],
  ['parentbased_traceidratio', '0', [false, true, false]],
  ['parentbased_traceidratio', '1', [true, true, false]],
  ['always_on', '', [true, true, true]],
  ['always_off', '', [false, false, false]],
  ['traceidratio', '0', [false, false, false]],
  ['traceidratio', '', [true, true, true]],
]
for (const [sampler, ratio, expected] of samplers) {
  test(`the sampler ${sampler || 'by default'} ${ratio} records what it should`, async (t) => {
    const collector = await startTraceCollector(t)
    const { tracing } = start(t, collector, { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio })
    const clients = [
      {},
      { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` },
      { traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` },
    ]
    for (const [index, headers] of clients.entries()) {
      const span = tracing.start(`${index}`, { headers })
      // The last bit of the flags.
      assert.equal(Number(span.traceparent.at(-1)) % 2 === 1, expected[index], `client ${index}`)
      const part = span.start(`part of ${index}`)
      assert.equal(Number(part.traceparent.at(-1)) % 2 === 1, expected[index], `part of client ${index}`)
      part.end()
      span.end()
    }
    const names = expected.flatMap((isRecorded, index) => (isRecorded ? [`part of ${index}`, `${index}`] : []))
    const received = await receive(collector, names.length)
    assert.deepEqual(
      received.map(({ name }) => name),
      names,
    )
  })
}

for (const behaviour of ['hangs', 'fails', 'garbage'] as const) {
  test(`a collector that ${behaviour} is logged once, and once when it has recovered`, async (t) => {
    const collector = await startTraceCollector(t)
    const { tracing, lines, output } = start(t, collector)
    const timer = setInterval(() => tracing.start('unit').end(), 10)
    t.after(() => clearInterval(timer))
    await collector.behave(behaviour)
    await output.waitFor(/is lost/)
    for (let time = 0; time < 3; time++) await collector.behave(behaviour)
    await collector.behave('takes')
    await output.waitFor(/recovered/)
    await collector.until('a span after that', (all) => all.at(-1))
    const [lost, recovered, ...others] = lines()
    assert.match(
      lost!,
      /^the trace collector at http:\/\/127\.0\.0\.1:\d+\/v1\/traces is lost: .+; its spans are dropped/,
    )
    assert.match(recovered!, /^the trace collector at .+ recovered after \d+\.\d s$/)
    assert.deepEqual(others, [])
  })
}

test('a collector that is away is logged once, and once when it has recovered', async (t) => {
  const collector = await startTraceCollector(t)
  const { tracing, lines, output } = start(t, collector)
  const comeBack = await collector.leave()
  const timer = setInterval(() => tracing.start('unit').end(), 10)
  t.after(() => clearInterval(timer))
  await output.waitFor(/ECONNREFUSED/)
  await comeBack()
  await output.waitFor(/recovered/)
  assert.equal(lines().length, 2)
})

test('stopping does not wait for a collector that hangs', { timeout: 10_000 }, async (t) => {
  const collector = await startTraceCollector(t)
  const { tracing } = start(t, collector, { OTEL_EXPORTER_OTLP_TIMEOUT: '60000' })
  tracing.start('unit').end()
  await collector.behave('hangs')
  await tracing.stop()
})

test('no more spans wait than the queue holds', async (t) => {
  const collector = await startTraceCollector(t)
  const { tracing } = start(t, collector, { OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '100' })
  for (let span = 0; span < 1_000; span++) tracing.start('early').end()
  await receive(collector, 200)
  tracing.start('late').end()
  const spans = await collector.until('the late span', (all) => (all.at(-1)?.name === 'late' ? all : undefined))
  // A batch that is being sent, those that wait, and the late one.
  assert.equal(spans.length, 201)
})

test('stopping exports what is left', async (t) => {
  const collector = await startTraceCollector(t)
  const { tracing } = start(t, collector, { OTEL_BSP_SCHEDULE_DELAY: '3600000' })
  tracing.start('unit').end()
  void tracing.stop()
  await receive(collector, 1)
})
