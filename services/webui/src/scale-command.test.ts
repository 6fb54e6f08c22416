import assert from 'node:assert/strict'
import { test } from 'node:test'

import { detectPlatform, scaleCommand } from './scale-command.ts'

test('a command is in the words of its platform and changes nothing but what is wanted', () => {
  const current = { worker: 10, rng: 1, hasher: 2 }
  const flags = '--scale worker=10 --scale rng=3 --scale hasher=2'
  assert.equal(scaleCommand('local', current, { rng: 3 }), 'npm run scale -- rng=3')
  assert.equal(scaleCommand('compose', current, { rng: 3 }), `RNG_PORT=0 HASHER_PORT=0 docker compose up -d ${flags}`)
  assert.equal(scaleCommand('kubernetes', current, { rng: 3 }), 'kubectl scale deployment rng --replicas=3')
})

test('what is wanted is named even where it is one', () => {
  assert.equal(scaleCommand('local', { worker: 0, rng: 0, hasher: 0 }, { worker: 1 }), 'npm run scale -- worker=1')
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

test('where more than a hundred run already, no command takes any away', () => {
  const current = { worker: 150, rng: 3, hasher: 1 }
  assert.match(scaleCommand('compose', current, { rng: 4 })!, /--scale worker=150 --scale rng=4$/)
  assert.equal(scaleCommand('swarm', current, { worker: 300 }), 'docker service scale dockercoins_worker=150')
})
