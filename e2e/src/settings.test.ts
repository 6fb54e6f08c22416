import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { ServiceName } from '@dockercoins/local'
import { parseSettings, type Setting } from '@dockercoins/service'
import { runService } from '@dockercoins/testing/service-process'

/**
 * Every variable of each service, and values that mean nothing for it. DEBUG takes any text, as in
 * the classic.
 */
const http = {
  HOST: ['not a host'],
  PORT: ['', 'http', '-1', '65536', '80.5', '0x50'],
  HOSTNAME: ['', 'two words', 'a\r\nb', 'é'],
  NODE_NAME: ['two words'],
  MAX_CONNECTIONS: ['', '0', '1', 'all'],
  LOG_FORMAT: ['', 'xml'],
  REVISION: ['', 'two words'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['http://user:secret@otel', 'collector:4318', 'grpc://collector:4317', '/v1/traces'],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['collector', 'file:///traces'],
  OTEL_TRACES_SAMPLER: ['sometimes', 'parentbased_', 'jaeger_remote'],
  OTEL_TRACES_SAMPLER_ARG: ['1.1', '-1', 'half', '.5'],
}
const work = {
  DELAY_MS: ['', 'soon', '-1', '1e3', '99999999999'],
  CONCURRENCY: ['0', '-1', 'many'],
  MAX_QUEUE: ['-1', '∞'],
  MAX_BYTES: ['-1', '32M', '9'.repeat(30)],
  FAULTS: ['', 'yes', '{}', '{"errors":2,"seconds":60}'],
}
const ledger = {
  LEDGER_URL: ['', 'redis', 'http://redis', 'redis://', 'file:'],
  KEY_PREFIX: ['two words', 'é', 'x'.repeat(200)],
}
const nonsense: Record<string, Record<string, string[]>> = {
  rng: { ...http, ...work },
  hasher: { ...http, ...work },
  webui: {
    ...http,
    ...ledger,
    PLATFORM: ['', 'docker', 'Kubernetes'],
    BASE_PORT: ['', '0', '65536'],
    FRAME_ANCESTORS: ['', "'none' *", 'a;b', '* ; script-src *', 'https://a,https://b', 'ftp://a', 'https://a/path'],
    LABEL: ['x'.repeat(41)],
    NAMESPACE: ['Blue', 'x'.repeat(64)],
    COLOR: ['#fff', '#12345g', 'blue;'],
  },
  worker: {
    ...http,
    ...ledger,
    MAX_COINS: ['', '-1', '1e6', 'all', '9007199254740992'],
    RNG_URL: ['', 'rng', 'ftp://rng', 'http://rng/32', 'http://a,,http://b', 'http://user:secret@rng'],
    HASHER_URL: ['hasher:80'],
    LOOPS: ['0', '1.5'],
    BATCH: ['0', '1001', 'all'],
    DELAY_MS: ['-1'],
    INTERVAL_MS: ['0'],
    TIMEOUT_MS: ['0', 'never'],
  },
}

for (const [service, variables] of Object.entries(nonsense) as [ServiceName, Record<string, string[]>][]) {
  test(`${service} refuses nonsense in any variable, in one line that names it`, async () => {
    const { settings } = (await import(`../../services/${service}/src/config.ts`)) as {
      settings: Record<string, Setting<unknown>>
    }
    const known = Object.values(settings).map(({ variable }) => variable)
    assert.deepEqual(new Set([...Object.keys(variables), 'DEBUG']), new Set(known), 'every variable is tried')

    for (const [variable, values] of Object.entries(variables)) {
      for (const value of values) {
        assert.throws(
          () => parseSettings(settings, { [variable]: value }),
          ({ name, message }: Error) => {
            assert.equal(name, 'ConfigError')
            assert.match(message, new RegExp(`^${variable} is ".*": expected .+$`))
            assert.doesNotMatch(message, /secret/)
            return true
          },
          `${variable}=${value}`,
        )
      }
    }
  })

  test(`${service} ends with exit code 78 and that line when it is started so`, async (t) => {
    const { lines, exited } = runService(t, service, { PORT: 'http' })
    assert.equal(await exited, 78)
    assert.deepEqual(lines, ['PORT is "http": expected a whole number from 0 to 65535'])
  })
}

test('a ledger file that cannot be opened is a configuration that will not do', async (t) => {
  for (const service of ['worker', 'webui'] as const) {
    const { lines, exited } = runService(t, service, { PORT: '0', LEDGER_URL: 'file:/dev/null/ledger.db' })
    assert.equal(await exited, 78)
    assert.equal(lines.length, 1, lines.join('\n'))
  }
})

test('a port that is taken is named, with what to do about it', async (t) => {
  const first = runService(t, 'rng', { PORT: '0', HOST: '127.0.0.1' })
  const port = /port (\d+)/.exec(await first.line(/listening/))?.[1]
  const second = runService(t, 'rng', { PORT: port, HOST: '127.0.0.1', LOG_FORMAT: 'text' })
  assert.equal(await second.exited, 1)
  assert.match(
    second.lines.at(-1) ?? '',
    new RegExp(`cannot listen on 127.0.0.1, port ${port}: it is taken: end what holds it or set PORT`),
  )
})
