import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { until } from '@dockercoins/testing'
import { docker } from '@dockercoins/testing/compose-stack'

/** Starts a container and gives its id; it is removed when the test ends. */
async function start(t: TestContext, ...args: string[]): Promise<string> {
  const container = await docker('run', '--detach', ...args)
  t.after(() => docker('rm', '--force', '--volumes', container))
  return container
}

/** Resolves when the container's health check has succeeded. */
async function untilHealthy(container: string): Promise<void> {
  const health = await until(
    'the container to be judged',
    () => docker('inspect', '--format', '{{.State.Health.Status}}', container),
    (status) => status !== 'starting',
  )
  assert.equal(health, 'healthy')
}

const proxy = ['--env', 'NODE_USE_ENV_PROXY=1', '--env', 'http_proxy=http://127.0.0.1:9', '--env', 'no_proxy=']

for (const [where, options] of Object.entries({
  'at all addresses': [],
  'at a host name': ['--hostname', 'lab', '--env', 'HOST=lab'],
  'at an IPv4 address': ['--env', 'HOST=127.0.0.1', '--env', 'PORT=8080'],
  'at an IPv6 address': ['--env', 'HOST=::1', '--sysctl', 'net.ipv6.conf.all.disable_ipv6=0'],
})) {
  test(`the health check asks the service ${where}, and no proxy`, async (t) => {
    await untilHealthy(await start(t, '--health-interval', '500ms', ...proxy, ...options, 'dockercoins/rng'))
  })
}

test('a service that may not listen on its port says both ways out', async (t) => {
  const sysctl = 'net.ipv4.ip_unprivileged_port_start'
  const container = await start(t, '--sysctl', `${sysctl}=1024`, '--env', 'LOG_FORMAT=text', 'dockercoins/rng')
  assert.equal(await docker('wait', container), '1')
  const lines = await docker('logs', container)
  assert.match(lines, new RegExp(`cannot listen on all addresses, port 80: .*PORT above 1023.*${sysctl}`))
  assert.doesNotMatch(lines, /\n/)
})

test('a service that is misconfigured is not started again for ever', async (t) => {
  const restart = JSON.parse(await docker('compose', 'config', '--format', 'json')) as {
    services: Record<string, { restart: string; logging: { options: Record<string, string> } }>
  }
  for (const [name, service] of Object.entries(restart.services)) {
    assert.match(service.restart, /^on-failure:\d+$/, name)
    assert.deepEqual(Object.keys(service.logging.options).toSorted(), ['max-file', 'max-size'], name)
  }
  const container = await start(t, '--restart', 'on-failure:2', '--env', 'PORT=http', 'dockercoins/rng')
  const state = await until(
    'the container to be given up',
    () => docker('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', container),
    (now) => now.endsWith(' 2') && now.startsWith('exited'),
  )
  assert.equal(state, 'exited 78 2')
})

for (const [service, packages] of Object.entries({
  rng: ['fastify', 'pino', 'prom-client', 'valibot'],
  hasher: ['fastify', 'pino', 'prom-client', 'valibot'],
  worker: ['fastify', 'undici', '@redis/client'],
  webui: ['fastify', '@redis/client', 'preact', '@preact/signals', 'uplot'],
})) {
  test(`the image of ${service} holds the licences of what is bundled in it`, async () => {
    const program = `process.stdout.write(require('node:fs').readFileSync('/app/THIRD-PARTY-NOTICES', 'utf8'))`
    const notices = await docker('run', '--rm', `dockercoins/${service}`, '-e', program)
    for (const name of packages) assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\nLicence: \\S+$`, 'm'))
  })
}
