import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { within } from '@dockercoins/testing'
import { down, STALE_NETWORK } from '@dockercoins/testing/compose-stack'
import { printedSpeeds } from '@dockercoins/testing/figures'
import { freePorts } from '@dockercoins/testing/free-ports'

const repository = fileURLToPath(new URL('../..', import.meta.url))

const TOUR_MS = 280_000

/** `docker` as the tour calls it, forgiven a network that the engine cannot let go. */
const forgivingDocker = `
  docker() {
    local errors=$(mktemp) status=0
    command docker "$@" 2>"$errors" || status=$?
    cat "$errors" >&2
    if grep -q '${STALE_NETWORK}' "$errors"; then status=0; fi
    rm "$errors"
    return $status
  }
`

test('every command of the tour does what it says', async (t) => {
  const name = `dockercoins-${randomUUID().slice(0, 8)}`
  const tour = await readFile(`${repository}docs/tour.md`, 'utf8')
  const commands = [...tour.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block).join('')
  // Under names and ports of its own, for somebody may be taking the tour on this machine.
  const ports = await Promise.all(Array.from({ length: 6 }, freePorts))
  const script = commands
    .replace('unset RNG_PORT', 'export RNG_PORT=8001')
    .replaceAll(/\b(blue|green)\b/g, `${name}-$1`)
    .replaceAll(/\b(800[0-2]|810[0-2])\b/g, (port) => `${ports[(Number(port) % 100) + (port < '8100' ? 0 : 3)]}`)
  const [WEBUI_PORT, RNG_PORT, HASHER_PORT] = ports.map(String)
  const env = { ...process.env, COMPOSE_PROJECT_NAME: name, WEBUI_PORT, HASHER_PORT, RNG_PORT }
  t.after(async () => {
    shell.kill() // it has ended, unless the test ran out of time
    for (const project of [name, `${name}-blue`, `${name}-green`]) {
      await down(project, '--volumes')
    }
  })

  const shell = spawn('bash', ['-euxo', 'pipefail', '-c', forgivingDocker + script], {
    cwd: repository,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'exit')])
  const [output, errors, [exitCode]] = await within('the tour to end', ended, () => 'no end', TOUR_MS)
  assert.equal(exitCode, 0, `${output}\n${errors.split('\n').slice(-40).join('\n')}`)

  // The first is of an application that has just started.
  const [, ten = 0, many = 0, batches = 0] = printedSpeeds(output)
  // A quiet machine makes 10, 28 and 33 hashes per second. A busy one makes fewer of each.
  const seen = `${[ten, many, batches].map((speed) => speed.toFixed(2)).join(', ')} hashes per second`
  assert.ok(ten < 11, `expected 10 with one rng, got ${seen}`)
  assert.ok(many > 1.5 * ten, `expected almost three times as many with three rng, got ${seen}`)
  assert.ok(batches < 36 && batches > 1.5 * ten, `expected 33 with batches of ten, got ${seen}`)
  const pings = [...output.matchAll(/round-trip min\/avg\/max = [\d.]+\/([\d.]+)\//g)].map(([, average]) =>
    Number(average),
  )
  assert.ok(pings[0]! > 400, `expected rng to take about 700 ms, got ${pings[0]}`)
  assert.match(output, /^The ledger is sound\.$/m)
  const rates = [...output.matchAll(/Requests per second: +([\d.]+)/g)].map(([, rate]) => Number(rate))
  assert.ok(rates[0]! < 11 && rates[1]! > 3 * rates[0]!, `expected 10 and 100 requests per second, got ${rates.join()}`)
  t.diagnostic(`${seen}; ${JSON.stringify({ pings, rates })}`)
})
