import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { until } from '@dockercoins/testing'
import { putFault } from '@dockercoins/testing/fault-command'
import { hasPrometheus, NO_PROMETHEUS, startPrometheus, type Prometheus } from '@dockercoins/testing/prometheus'
import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'
import { startService, type ServiceProcess } from '@dockercoins/testing/service-process'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const skip = !hasPrometheus() ? NO_PROMETHEUS : !hasRedisServer() ? NO_REDIS : false

/** A minute of the rules lasts so many seconds in these tests. */
const MINUTE_S = 5
const rules = (await readFile(`${repository}deploy/chart/files/rules.yaml`, 'utf8')).replaceAll(
  /(?<=for: |\[)(\d+)m/g,
  (_, minutes) => `${Number(minutes) * MINUTE_S}s`,
)

const urls = (processes: ServiceProcess[]) => processes.map(({ url }) => url).join()

/** The application as processes, with a Prometheus that scrapes all of them. */
async function start(t: TestContext, { worker = 1, rng = 1 }: { worker?: number; rng?: number } = {}) {
  const redis = await startRedisServer()
  t.after(() => redis.remove())
  const startAll = (count: number, name: 'rng' | 'hasher' | 'worker' | 'webui', env: NodeJS.ProcessEnv = {}) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        startService(t, name, { HOSTNAME: `${name}-${index + 1}`, LEDGER_URL: redis.url, ...env }),
      ),
    )
  const FAULTS = 'allow'
  const [rngs, hashers, webuis] = await Promise.all([
    startAll(rng, 'rng', { FAULTS }),
    startAll(1, 'hasher', { FAULTS }),
    startAll(1, 'webui'),
  ])
  const workers = await startAll(worker, 'worker', { RNG_URL: urls(rngs), HASHER_URL: urls(hashers) })
  const processes = { rng: rngs, hasher: hashers, worker: workers, webui: webuis }
  const targets = Object.entries(processes).flatMap(([container, all]) => all.map(({ url }) => ({ container, url })))
  return { redis, processes, prometheus: await startPrometheus(t, targets, rules) }
}

/** Waits until the alert fires, and returns its labels. */
async function untilFiring({ alerts }: Prometheus, name: string): Promise<Record<string, string>> {
  const isFiring = ({ labels, state }: Awaited<ReturnType<typeof alerts>>[number]) =>
    labels['alertname'] === name && state === 'firing'
  const all = await until(`${name} to fire`, alerts, (now) => now.some(isFiring))
  return all.find(isFiring)!.labels
}

function untilEnded({ alerts }: Prometheus, name: string): Promise<unknown> {
  return until(`${name} to end`, alerts, (now) => now.every(({ labels }) => labels['alertname'] !== name))
}

/** Ends a process and starts another one at its port. */
async function restart(t: TestContext, old: ServiceProcess, env: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  old.kill('SIGKILL')
  await old.exited
  return startService(t, 'rng', { ...env, PORT: `${old.port}` })
}

test('each query of the dashboard and each rule has a result, and no rule fails', { skip }, async (t) => {
  const { prometheus } = await start(t, { worker: 2 })
  const { panels } = JSON.parse(await readFile(`${repository}deploy/chart/files/dashboard.json`, 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[]
  }
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  assert.ok(queries.length >= panels.length)
  const recorded = Array.from(rules.matchAll(/- record: (\S+)/g), ([, name]) => name!)
  for (const query of [...queries, ...recorded]) {
    const expression = query.replaceAll('$__rate_interval', `${MINUTE_S}s`).replaceAll('$namespace', '.*')
    await until(
      `a result of ${expression}`,
      () => prometheus.query(expression),
      (result) => result.some(({ value: [, value] }) => Number.isFinite(Number(value))),
    )
  }
  const states = await until('all rules to be evaluated', prometheus.rules, (all) =>
    all.every(({ health }) => health !== 'unknown'),
  )
  assert.equal(states.length, rules.match(/^ +- (record|alert):/gm)?.length)
  for (const { name, health, lastError } of states) assert.equal(health, 'ok', `${name}: ${lastError}`)
})

test('docs/monitoring.md lists the metrics of each service', { skip }, async (t) => {
  const { processes } = await start(t)
  const found: string[] = []
  for (const [service, [process]] of Object.entries(processes)) {
    const metrics = await (await fetch(`${process!.url}/metrics`)).text()
    for (const [, name, type] of metrics.matchAll(/^# TYPE (\w+) (\w+)$/gm))
      if (!/^(process|nodejs)_/.test(name!)) found.push(`${service} ${name} ${type}`)
  }
  const page = await readFile(`${repository}docs/monitoring.md`, 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (counter|gauge|histogram) +\| ([\w, ]+?) +\|/gm)]
  const documented = rows.flatMap(([, name, type, services]) =>
    (services === 'all' ? Object.keys(processes) : services!.split(', ')).map((each) => `${each} ${name} ${type}`),
  )
  assert.deepEqual(new Set(documented), new Set(found))
})

test('alerts fire when the ledger is lost, and when no worker runs', { skip }, async (t) => {
  const { redis, processes, prometheus } = await start(t)
  await until(
    'a hash',
    () => prometheus.query('dockercoins_ledger_hashes_total > 0'),
    ({ length }) => length > 0,
  )
  await redis.stop()
  await untilFiring(prometheus, 'DockerCoinsLedgerLost')
  await redis.start()
  await untilEnded(prometheus, 'DockerCoinsLedgerLost')
  for (const worker of processes.worker) worker.kill('SIGTERM')
  await untilFiring(prometheus, 'DockerCoinsNotMining')
})

test('alerts fire when one replica of two hangs, and end when it goes on', { skip }, async (t) => {
  const { processes, prometheus } = await start(t, { rng: 2 })
  const names = ['DockerCoinsReplicaNotResponding', 'DockerCoinsScrapeFails']
  const hanging = processes.rng[1]!
  await until(
    'a request to it',
    () =>
      prometheus.query(
        `http_request_duration_seconds_count{instance="${new URL(hanging.url).host}",route="/:count"} > 0`,
      ),
    ({ length }) => length > 0,
  )
  hanging.kill('SIGSTOP')
  const [byWorkers, byPrometheus] = await Promise.all(names.map((name) => untilFiring(prometheus, name)))
  assert.equal(byWorkers!['upstream'], 'rng')
  assert.equal(byPrometheus!['instance'], new URL(hanging.url).host)
  hanging.kill('SIGCONT')
  await Promise.all(names.map((name) => untilEnded(prometheus, name)))
})

test('an alert fires when hasher responds with errors, and ends with them', { skip }, async (t) => {
  const { processes, prometheus } = await start(t)
  const { url } = processes.hasher[0]!
  await putFault(url, { errors: 1, seconds: 600 })
  assert.equal((await untilFiring(prometheus, 'DockerCoinsErrors'))['container'], 'hasher')
  await fetch(`${url}/faults`, { method: 'DELETE' })
  await untilEnded(prometheus, 'DockerCoinsErrors')
})

test(
  'alerts fire when ten workers wait for one rng, when it refuses requests, and when it restarts',
  { skip },
  async (t) => {
    const { processes, prometheus } = await start(t, { worker: 10 })
    assert.equal((await untilFiring(prometheus, 'DockerCoinsBottleneck'))['upstream'], 'rng')
    const refusing = await restart(t, processes.rng[0]!, { MAX_QUEUE: '1' })
    assert.equal((await untilFiring(prometheus, 'DockerCoinsBackPressure'))['container'], 'rng')
    await restart(t, refusing, {})
    assert.equal((await untilFiring(prometheus, 'DockerCoinsRestarts'))['container'], 'rng')
  },
)
