import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import {
  describeRestart,
  detectPlatform,
  findCommands,
  findVariables,
  platforms,
  keptVariables,
  type Plan,
  type Platform,
  type Start,
} from './scale-command.ts'

const one: Plan = { workers: 1, loops: 1, batch: 1, rng: 1, hasher: 1, delayMs: 100 }
const ten: Plan = { ...one, workers: 10, hasher: 2 }

function started(platform: Platform, rest: Partial<Start> = {}): Start {
  return { platform, basePort: 8000, variables: {}, ...rest }
}

/** The command of a platform, where there is one, that changes `current` by `change`. */
function commandOf(start: Start, current: Plan, change: Partial<Plan>): string {
  return findCommands(start, current, { ...current, ...change }).join('\n')
}

test('a command is in the words of its platform and changes nothing but what is wanted', () => {
  const flags = '--scale worker=10 --scale rng=3 --scale hasher=2'
  assert.equal(commandOf(started('local'), ten, { rng: 3 }), 'npm run scale -- rng=3')
  const compose = `RNG_PORT=0 HASHER_PORT=0 docker compose up -d ${flags}`
  assert.equal(commandOf(started('compose'), ten, { rng: 3 }), compose)
  assert.equal(commandOf(started('kubernetes'), ten, { rng: 3 }), 'kubectl scale deployment rng --replicas=3')
  assert.equal(commandOf(started('swarm'), ten, { rng: 3 }), 'docker service scale dockercoins_rng=3')
  assert.equal(commandOf(started('container'), ten, { rng: 3 }), '')
})

test('what is wanted is named even where it is one', () => {
  assert.equal(commandOf(started('local'), { ...one, workers: 0 }, { workers: 1 }), 'npm run scale -- worker=1')
})

test('where nothing is to change there is no command', () => {
  for (const platform of platforms) assert.equal(commandOf(started(platform), ten, {}), '')
})

test('where more than a hundred run already, no command takes any away', () => {
  const many = { ...one, workers: 150, rng: 3 }
  assert.match(commandOf(started('compose'), many, { rng: 4 }), /--scale worker=150 --scale rng=4$/)
  assert.equal(commandOf(started('swarm'), many, { workers: 300 }), '')
  assert.equal(commandOf(started('swarm'), one, { workers: 300 }), 'docker service scale dockercoins_worker=100')
})

test('a local command reaches the copy on its port', () => {
  const start = started('local', { basePort: 8100 })
  assert.equal(commandOf(start, one, { workers: 10 }), 'npm run scale -- --port 8100 worker=10')
  assert.equal(
    commandOf(start, ten, { loops: 2 }),
    'LOOPS=2 npm start -- --port 8100 --scale worker=10 --scale hasher=2',
  )
})

test('a command for Kubernetes reaches the copy in its namespace', () => {
  const variables = findVariables('kubernetes', { NAMESPACE: 'green', LABEL: 'x' })
  const start = started('kubernetes', { variables })
  const all = findCommands(start, one, { ...one, workers: 10, loops: 2 })
  assert.deepEqual(all, [
    'kubectl --namespace green scale deployment worker --replicas=10',
    'kubectl --namespace green set env deployment/worker LOOPS=2',
  ])
  assert.deepEqual(findVariables('kubernetes', { NAMESPACE: 'default' }), {})
})

test('loops and the pause are set where a platform sets them, and only for workers', () => {
  const pause = { delayMs: 50 }
  assert.equal(commandOf(started('local'), one, pause), 'WORKER_DELAY_MS=50 npm start')
  assert.equal(commandOf(started('compose'), one, pause), 'WORKER_DELAY_MS=50 docker compose up -d')
  assert.equal(commandOf(started('kubernetes'), one, pause), 'kubectl set env deployment/worker DELAY_MS=50')
  assert.equal(
    commandOf(started('swarm'), one, pause),
    'docker service update --env-add DELAY_MS=50 dockercoins_worker',
  )
  const all = { workers: 10, loops: 4, delayMs: 0 }
  assert.deepEqual(findCommands(started('kubernetes'), one, { ...one, ...all }), [
    'kubectl scale deployment worker --replicas=10',
    'kubectl set env deployment/worker LOOPS=4 DELAY_MS=0',
  ])
  assert.equal(commandOf(started('local'), one, all), 'LOOPS=4 WORKER_DELAY_MS=0 npm start -- --scale worker=10')
  assert.equal(commandOf(started('compose'), { ...one, loops: 4 }, { loops: 1 }), 'LOOPS=1 docker compose up -d')
})

test('a command that starts all services again keeps what differs from the defaults', () => {
  const own = { ...one, loops: 4, batch: 10, delayMs: 20 }
  const given = { DELAY_MS: '50', LABEL: "Ada's copy" }
  const kept = String.raw`DELAY_MS=50 LABEL='Ada'\''s copy' LOOPS=4 BATCH=10 WORKER_DELAY_MS=20`
  const change = { workers: 2 }
  assert.equal(
    commandOf(started('compose', { variables: given }), own, change),
    `${kept} docker compose up -d --scale worker=2`,
  )
  assert.equal(commandOf(started('local', { variables: given }), own, change), 'npm run scale -- worker=2')
  // The pause is that of all services.
  const shared = { ...one, delayMs: 50 }
  assert.equal(
    commandOf(started('compose', { variables: { DELAY_MS: '50' } }), shared, change),
    'DELAY_MS=50 docker compose up -d --scale worker=2',
  )
})

test('only a command that restarts something has a warning', () => {
  assert.equal(describeRestart(started('local'), one, { ...one, workers: 2 }), undefined)
  assert.match(describeRestart(started('local'), one, { ...one, delayMs: 20 })!, /^Stop the application first/)
  assert.equal(describeRestart(started('compose'), one, { ...one, loops: 2 }), 'This restarts the workers.')
})

test('a command of Compose reaches the project that was started', () => {
  const green = started('compose', { variables: { COMPOSE_PROJECT_NAME: 'green', WEBUI_PORT: '8100' } })
  assert.equal(
    commandOf(green, one, { workers: 10 }),
    'RNG_PORT=0 HASHER_PORT=0 COMPOSE_PROJECT_NAME=green WEBUI_PORT=8100 docker compose up -d --scale worker=10',
  )
})

test('the variables that are kept are those of the shell that are no default', () => {
  assert.deepEqual(findVariables('local', { COLOR: '1', HOST: '127.0.0.1', LABEL: '', PATH: '/bin' }), {})
  assert.deepEqual(findVariables('compose', { COMPOSE_PROJECT_NAME: 'dockercoins', HOST: '::' }), {})
  const given = { HOST: '0.0.0.0', DELAY_MS: '0', COLOR: 'blue' }
  assert.deepEqual(findVariables('local', given), given)
  assert.deepEqual(findVariables('kubernetes', given), {})
})

test('the variables that are kept are those that compose.yaml passes on to the web UI', () => {
  const compose = readFileSync(`${import.meta.dirname}/../../../compose.yaml`, 'utf8')
  const namesIn = (begin: string, end: RegExp) =>
    [
      ...compose
        .split(begin)[1]!
        .split(end)[0]!
        .matchAll(/^ +([A-Z_]+):(?=$| \$\{COMPOSE)/gm),
    ].map(([, name]) => name)
  const passed = [...namesIn('&environment', /^x-build/m), ...namesIn('/webui/Dockerfile', /^ {4}ports/m)]
  assert.deepEqual(passed, keptVariables.compose)
})

/** A file system that holds `paths` and nothing else. */
function having(...paths: string[]) {
  return (path: string) => paths.includes(path)
}

test('the platform is detected by what it leaves in the environment and in the file system', () => {
  assert.equal(detectPlatform({}, having()), 'local')
  assert.equal(detectPlatform({}, having('/.dockerenv')), 'container')
  assert.equal(detectPlatform({}, having('/run/.containerenv')), 'container')
  assert.equal(detectPlatform({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, having('/.dockerenv')), 'kubernetes')
})
