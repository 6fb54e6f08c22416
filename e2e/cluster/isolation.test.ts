import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { startClusterStack, type ClusterStack } from '@dockercoins/testing/cluster-stack'
import { untilMore } from '@dockercoins/testing/counting'
import { totals } from '@dockercoins/testing/figures'

/** Runs a program of Node in a pod of `service`. */
function evaluate({ namespace }: ClusterStack, service: string, program: string): Promise<string> {
  return namespace.kubectl('exec', `deployment/${service}`, '--', '/nodejs/bin/node', '--eval', program)
}

/** What comes of connections from `service`: for each target "connected" or the error code. */
async function connect(stack: ClusterStack, service: string, targets: string[]): Promise<Record<string, string>> {
  const program = `
    const connect = (target) => new Promise((resolve) => {
      const [host, port] = target.split(':')
      const socket = require('node:net').connect(port, host)
      const end = (word) => { socket.destroy(); resolve([target, word]) }
      socket.on('connect', () => end('connected')).on('error', ({ code }) => end(code))
      setTimeout(end, 3000, 'silence')
    })
    Promise.all(${JSON.stringify(targets)}.map(connect)).then((all) => console.log(JSON.stringify(Object.fromEntries(all))))`
  return JSON.parse(await evaluate(stack, service, program)) as Record<string, string>
}

/** The targets that answer a connection from `service`. */
async function reached(stack: ClusterStack, service: string, targets: string[]): Promise<string[]> {
  const results = await connect(stack, service, targets)
  return targets.filter((target) => results[target] === 'connected')
}

/** The addresses of all Services and pods of the namespace, and of the API server. */
async function everything({ namespace: { kubectl } }: ClusterStack): Promise<Record<string, string>> {
  const services = await kubectl(
    'get',
    'services',
    '--output',
    'jsonpath={range .items[*]}{.metadata.name} {.spec.clusterIP}:{.spec.ports[0].port}{"\\n"}{end}',
  )
  const pods = await kubectl(
    'get',
    'pods',
    '--output',
    'jsonpath={range .items[*]}pod-of-{.metadata.labels.app} {.status.podIP}:{.spec.containers[0].ports[0].containerPort}{"\\n"}{end}',
  )
  const api = await kubectl(
    'get',
    'service',
    'kubernetes',
    '--namespace',
    'default',
    '--output',
    'jsonpath=api {.spec.clusterIP}:443',
  )
  return Object.fromEntries(
    `${services}\n${pods}\n${api}`
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string]),
  )
}

test('each service reaches only the services that it uses', async (t) => {
  const stack = await startClusterStack(t)
  await untilMore(stack, 1)
  const all = await everything(stack)
  const names = Object.keys(all)
  const reachedBy = async (service: string) => {
    const targets = await reached(stack, service, Object.values(all))
    return names.filter((name) => targets.includes(all[name]!)).toSorted()
  }
  // Whether a pod reaches itself depends on the network.
  const others = async (service: string) => (await reachedBy(service)).filter((name) => !name.endsWith(service))
  assert.equal(names.length, 10)
  assert.deepEqual(await others('rng'), [])
  assert.deepEqual(await others('hasher'), [])
  assert.deepEqual(await others('webui'), ['pod-of-redis', 'redis'])
  assert.deepEqual(await others('worker'), ['hasher', 'pod-of-hasher', 'pod-of-redis', 'pod-of-rng', 'redis', 'rng'])
})

test('each container has only the rights that it needs', async (t) => {
  const stack = await startClusterStack(t)
  const program = `
    const { readFileSync, readdirSync, writeFileSync } = require('node:fs')
    const status = readFileSync('/proc/self/status', 'utf8')
    const can = (act, path) => { try { act(path, ''); return true } catch { return false } }
    console.log(JSON.stringify({
      uid: process.getuid(),
      capabilities: /CapBnd:\\s*(\\w+)/.exec(status)[1],
      noNewPrivileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
      seccomp: /Seccomp:\\s*(\\d)/.exec(status)[1],
      writable: ['/', '/app', '/tmp', '/home/nonroot', '/nodejs/bin', '/etc', '/var'].filter((folder) => can(writeFileSync, folder + '/x')),
      hasToken: can(readdirSync, '/var/run/secrets/kubernetes.io/serviceaccount'),
    }))`
  for (const service of ['rng', 'hasher', 'worker', 'webui']) {
    assert.deepEqual(
      JSON.parse(await evaluate(stack, service, program)),
      {
        uid: 65_532,
        capabilities: '0000000000000000',
        noNewPrivileges: '1',
        seccomp: '2',
        writable: [],
        hasToken: false,
      },
      service,
    )
  }
})

test('blue and green, in two namespaces, do not see each other’s services', async (t) => {
  const [blue, green] = await Promise.all([
    startClusterStack(t),
    startClusterStack(t, { scale: { worker: 0 }, values: ['webui.env.LABEL=green'] }),
  ])
  await untilMore(blue)
  assert.equal((await until('an answer from /json', () => totals(green.urls.webui))).hashes, 0)
  const ports = { redis: 6379, rng: 80, hasher: 80, webui: 80 }
  const targets = Object.entries(ports).map(
    ([service, port]) => `${service}.${green.namespace.name}.svc.cluster.local:${port}`,
  )
  assert.deepEqual(await reached(blue, 'worker', targets), [])
})
