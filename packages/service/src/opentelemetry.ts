import { setTimeout as sleep } from 'node:timers/promises'

import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type SpanOptions,
} from '@opentelemetry/api'
import { ExportResultCode, getNumberFromEnv, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'

import type { Log } from './log.ts'
import { startRequestSpan } from './request-span.ts'
import { replicaName, type HttpConfig } from './settings.ts'
import type { Span, SpanStart, Tracing } from './tracing.ts'

/** How long a process that stops waits for the collector, in milliseconds. */
const FLUSH_MS = 100
/** Longest text of an attribute: a client can send a URL of 16 KiB. */
const MAX_TEXT_LENGTH = 250

interface TracingOptions {
  service: string
  version: string
  config: HttpConfig
  log: Log
}

/** Starts the export of traces. Where the collector is lost, spans are dropped and nothing waits. */
export function startTracing({ service, version, config, log }: TracingOptions): Tracing {
  const resource = resourceFromAttributes({
    'service.namespace': 'dockercoins',
    'service.name': service,
    'service.version': version,
    'service.instance.id': replicaName(config),
  })
  const fromEnv = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })
  const provider = new TracerProvider({
    resource: defaultResource().merge(resource).merge(fromEnv),
    sampler: createSampler(config),
    spanLimits: { attributeValueLengthLimit: MAX_TEXT_LENGTH },
    spanProcessors: [createBatches(createExporter(config, log))],
  })
  const tracer = provider.getTracer('dockercoins', version)
  const propagator = new W3CTraceContextPropagator()

  function startSpan(name: string, options: SpanStart, parent: Context): Span {
    const span = tracer.startSpan(name, toOptions(options), parent)
    const { traceId, spanId, traceFlags } = span.spanContext()
    const traceparent = `00-${traceId}-${spanId}-0${traceFlags}`
    if (!span.isRecording()) return unrecorded(traceparent)
    const context = trace.setSpan(parent, span)
    return {
      traceparent,
      start: (child, of = {}) => startSpan(child, of, context),
      end({ attributes = {}, error, at } = {}) {
        span.setAttributes(attributes)
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
        span.end(at)
      },
    }
  }

  const start: Tracing['start'] = (name, { headers = {}, ...options } = {}) =>
    startSpan(name, options, propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter))

  return {
    start,
    startRequest(request, response) {
      request.span = startRequestSpan(start, request, response)
    },
    // The process may end before a collector that hangs has failed the last export.
    stop: () => Promise.race([provider.shutdown().catch(() => {}), sleep(FLUSH_MS)]),
  }
}

/** A span that no sampler has chosen, and so none of its parts. */
function unrecorded(traceparent: string): Span {
  const span: Span = { traceparent, start: () => span, end: () => {} }
  return span
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT }

function toOptions({ kind, attributes = {}, at }: SpanStart): SpanOptions {
  return { kind: kind ? kinds[kind] : SpanKind.INTERNAL, attributes, ...(at !== undefined && { startTime: at }) }
}

function createSampler({ sampler, samplerRatio }: HttpConfig): Sampler {
  const [how, isParentBased] = [sampler.replace('parentbased_', ''), sampler.startsWith('parentbased_')]
  const roots: Record<string, () => Sampler> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(samplerRatio),
  }
  const root = roots[how]!()
  return isParentBased ? new ParentBasedSampler({ root }) : root
}

/** The queue of ended spans. When it is full, further spans are dropped. */
function createBatches(exporter: SpanExporter): BatchSpanProcessor {
  const settings = {
    maxQueueSize: getNumberFromEnv('OTEL_BSP_MAX_QUEUE_SIZE'),
    maxExportBatchSize: getNumberFromEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
    scheduledDelayMillis: getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: getNumberFromEnv('OTEL_BSP_EXPORT_TIMEOUT'),
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return new BatchSpanProcessor({ exporter, ...Object.fromEntries(given) })
}

/** Exports to the collector, and logs once when it is lost and once when it has recovered. */
function createExporter({ otlpEndpoint, otlpTracesEndpoint }: HttpConfig, log: Log): SpanExporter {
  const url = otlpTracesEndpoint || `${otlpEndpoint.replace(/\/$/, '')}/v1/traces`
  const collector = `the trace collector at ${url}`
  const exporter = new OTLPTraceExporter({ url })
  let lostAt: number | undefined

  function lost({ message, code }: Error & { code?: string | number }): void {
    const reason = [code, message].filter(Boolean).join(' ')
    if (lostAt === undefined) log.warn(`${collector} is lost: ${reason}; its spans are dropped until it recovers`)
    lostAt ??= performance.now()
  }
  function succeeded(): void {
    if (lostAt === undefined) return
    log.info(`${collector} recovered after ${((performance.now() - lostAt) / 1000).toFixed(1)} s`)
    lostAt = undefined
  }

  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.SUCCESS) succeeded()
        else lost(result.error ?? new Error('no reason given'))
        done(result)
      })
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
}
