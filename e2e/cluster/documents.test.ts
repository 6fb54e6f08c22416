import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { within } from '@dockercoins/testing'
import { run } from '@dockercoins/testing/cluster'
import { printedSpeeds } from '@dockercoins/testing/figures'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENT_MS = 600_000

/**
 * Runs the commands of a document, in namespaces of its own in place of those that begin with
 * `namespace`. Resolves to what they print.
 */
async function follow(t: TestContext, document: string, namespace: string): Promise<string> {
  const own = `${namespace}-${randomUUID().slice(0, 8)}`
  const markdown = await readFile(join(repository, document), 'utf8')
  const commands = [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block).join('')
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-document-'))
  // The commands choose a namespace in the configuration.
  const KUBECONFIG = join(folder, 'config')
  await writeFile(KUBECONFIG, await run('kubectl', 'config', 'view', '--raw', '--flatten'))
  const shell = spawn(
    'bash',
    ['-euxo', 'pipefail', '-c', commands.replaceAll(new RegExp(`\\b${namespace}\\b`, 'g'), own)],
    {
      cwd: repository,
      env: { ...process.env, KUBECONFIG },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  t.after(async () => {
    shell.kill() // it has ended, unless the test ran out of time
    await rm(folder, { recursive: true })
    await run('kubectl', 'delete', '--ignore-not-found', '--filename', 'deploy/autoscaling/')
    const left = (await run('kubectl', 'get', 'namespaces', '--output', 'name')).split('\n')
    for (const name of left.filter((each) => each.includes(own))) await run('kubectl', 'delete', name, '--wait=false')
  })
  const ended = Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'exit')])
  const [output, errors, [exitCode]] = await within(`${document} to end`, ended, () => 'no end', DOCUMENT_MS)
  assert.equal(exitCode, 0, `${output}\n${errors.split('\n').slice(-40).join('\n')}`)
  return output
}

test('every command of the tour of Kubernetes does what it says', { timeout: DOCUMENT_MS }, async (t) => {
  const output = await follow(t, 'docs/kubernetes.md', 'coins')
  // The first is of an application that has just started.
  const [, ten = 0, more = 0] = printedSpeeds(output)
  // A busy machine is slower.
  assert.ok(ten > 4 && ten < 11, `expected 10 hashes per second, got ${ten}`)
  assert.ok(more > ten, `expected more than ${ten} hashes per second, got ${more}`)
  assert.match(output, /queue;dur=\d+\.\d+, work;dur=10\d/)
  assert.match(output, /ErrImage|ImagePull/)
  assert.match(output, /DELAY_MS is "soon"/)
  assert.match(output, /HASHER running on hasher-\S+\n+E[A-Z_]+\n/)
  assert.equal(output.match(/sound/g)?.length, 2)
  t.diagnostic(`${ten.toFixed(1)}, then ${more.toFixed(1)} hashes per second`)
})

test('every command of the course’s exercises does what it says', { timeout: DOCUMENT_MS }, async (t) => {
  const output = await follow(t, 'docs/course.md', 'course')
  const pings = [...output.matchAll(/^http:\/\/(rng|hasher) (\d+) ms$/gm)].map(
    ([, name, ms]) => [name, Number(ms)] as const,
  )
  const of = (service: string) => pings.filter(([name]) => name === service).map(([, ms]) => ms)
  assert.ok(Math.max(...of('rng')) > 300, `expected rng to take about 700 ms, got ${of('rng').join()}`)
  assert.ok(Math.min(...of('hasher')) < Math.max(...of('rng')))
  assert.match(output, /ErrImage|ImagePull/)
  assert.match(output, /image: dockercoins\/worker:v0\.2/)
  const [, restarts = ''] = /rng-\S+ +\d\/1 +\S+ +([1-9]\d*) \(/.exec(output) ?? []
  assert.ok(Number(restarts) > 0, 'expected rng to be restarted')
})

test('docker stack config accepts the stack for Swarm', async () => {
  const stack = `${repository}deploy/swarm/stack.yaml`
  const { stdout } = await promisify(execFile)('docker', ['stack', 'config', '--compose-file', stack])
  assert.match(stdout, /mode: global/)
})
