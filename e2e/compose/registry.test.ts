import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { until } from '@dockercoins/testing'
import { docker } from '@dockercoins/testing/compose-stack'
import { freePorts } from '@dockercoins/testing/free-ports'

const program = 'docker-registry'
const skip = spawnSync(program, ['--version']).error ? `there is no ${program}: apt install ${program}` : false
const services = ['rng', 'hasher', 'worker', 'webui']

/** Starts an empty registry in `folder` and resolves to its address. */
async function startRegistry(t: TestContext, folder: string): Promise<string> {
  const address = `127.0.0.1:${await freePorts()}`
  const settings = { version: 0.1, storage: { filesystem: { rootdirectory: folder } }, http: { addr: address } }
  await writeFile(join(folder, 'config.json'), JSON.stringify(settings))
  const registry = spawn(program, ['serve', join(folder, 'config.json')], { stdio: 'ignore' })
  t.after(async () => {
    registry.kill()
    await once(registry, 'close')
    await rm(folder, { recursive: true })
  })
  await until('the registry to answer', () => fetch(`http://${address}/v2/`))
  return address
}

test('images are pushed to a registry, and pulled from it with their labels', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-registry-'))
  const address = await startRegistry(t, folder)
  const environment = join(folder, 'env')
  await writeFile(environment, `REGISTRY=${address}/coins\nTAG=v0.1\nREVISION=abc\n`)
  const compose = (...args: string[]) => docker('compose', '--env-file', environment, ...args)
  const images = services.map((name) => `${address}/coins/${name}:v0.1`)
  const describe = () => docker('inspect', '--format', '{{.Id}} {{json .Config.Labels}}', ...images)
  t.after(() => docker('image', 'rm', ...images))

  await compose('build', '--quiet')
  const built = await describe()
  assert.match(built, /"org.opencontainers.image.revision":"abc"/)
  await compose('push', '--quiet')
  await docker('image', 'rm', ...images)
  for (const image of images) await docker('pull', '--quiet', image)
  assert.equal(await describe(), built)
})
