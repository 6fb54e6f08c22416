import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

import { until } from '@dockercoins/testing'

import { listenLocally } from './listen.ts'

/** The part of OTLP in JSON that a test reads. */
interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: OtlpAttribute[]
  status: { code?: number; message?: string }
}
interface OtlpAttribute {
  key: string
  value: Record<string, string | number | boolean>
}
interface OtlpTraces {
  resourceSpans: { resource: { attributes: OtlpAttribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[]
}
type Attributes = Record<string, string | number | boolean | undefined>

export interface ReceivedSpan extends Pick<OtlpSpan, 'traceId' | 'spanId' | 'parentSpanId' | 'name'> {
  kind: 'internal' | 'server' | 'client'
  /** How long it took, in milliseconds. */
  ms: number
  isError: boolean
  attributes: Attributes
  /** The process that it is of. */
  resource: Attributes
}

/** What a collector does with a request: it takes the spans, hangs, fails, or speaks no HTTP. */
export type Behaviour = 'takes' | 'hangs' | 'fails' | 'garbage'
export type TraceCollector = Awaited<ReturnType<typeof startTraceCollector>>

/** A collector of traces (OTLP/HTTP in JSON) that keeps all spans. */
export async function startTraceCollector(t: TestContext) {
  const spans: ReceivedSpan[] = []
  let behaviour: Behaviour = 'takes'
  let requests = 0
  const server = createServer(async (request, response) => {
    requests++
    const received = spansOf((await json(request)) as OtlpTraces)
    if (behaviour === 'takes') {
      spans.push(...received)
      response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' }).end('{}')
    }
    if (behaviour === 'fails') response.writeHead(500).end('<html>')
    if (behaviour === 'garbage') response.socket?.end('SSH-2.0-OpenSSH\r\n\r\n')
  })
  const port = await listenLocally(server)
  t.after(() => server.close().closeAllConnections())

  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    /** Resolves once `find` finds something in the spans received. */
    until: <T>(what: string, find: (all: ReceivedSpan[]) => T | undefined): Promise<T> =>
      until(what, () => {
        const found = find(spans)
        if (found === undefined) throw new Error(`nothing in ${spans.length} spans`)
        return found
      }),
    /** Behaves so from now on. Resolves at the next request. */
    async behave(next: Behaviour): Promise<void> {
      behaviour = next
      const before = requests
      await until(
        'a request to the collector',
        () => requests,
        (now) => now > before,
      )
    },
    /** Refuses connections until the returned function is called. */
    async leave(): Promise<() => Promise<number>> {
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
      return () => listenLocally(server, port)
    },
  }
}

function spansOf({ resourceSpans }: OtlpTraces): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => toReceived(span, toObject(resource.attributes)))),
  )
}

function toReceived(span: OtlpSpan, resource: Attributes): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano, attributes, status } = span
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: (['internal', 'server', 'client'] as const)[kind - 1]!,
    ms: Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6,
    isError: status.code === 2,
    attributes: toObject(attributes),
    resource,
  }
}

function toObject(attributes: OtlpAttribute[]): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
