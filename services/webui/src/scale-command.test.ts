import assert from 'node:assert/strict'
import { test } from 'node:test'

import { scaleCommand } from './scale-command.ts'

test('a command is in the words of its platform and changes nothing but what is wanted', () => {
  const current = { worker: 10, rng: 1, hasher: 2 }
  const flags = '--scale worker=10 --scale rng=3 --scale hasher=2'
  assert.equal(scaleCommand('local', current, { rng: 3 }), `npm start -- ${flags}`)
  assert.equal(scaleCommand('compose', current, { rng: 3 }), `RNG_PORT=0 HASHER_PORT=0 docker compose up -d ${flags}`)
  assert.equal(scaleCommand('kubernetes', current, { rng: 3 }), 'kubectl scale deployment rng --replicas=3')
})

test('what is wanted is named even where it is one', () => {
  assert.equal(scaleCommand('local', { worker: 0, rng: 0, hasher: 0 }, { worker: 1 }), 'npm start -- --scale worker=1')
})
