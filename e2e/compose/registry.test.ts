import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { until } from '@dockercoins/testing'
import { docker, readInImage } from '@dockercoins/testing/compose-stack'
import { freePorts } from '@dockercoins/testing/free-ports'

const program = 'docker-registry'
const repository = fileURLToPath(new URL('../..', import.meta.url))
const missing = (...names: string[]) => {
  const name = names.find((each) => spawnSync(each, ['--help']).error)
  return name === undefined ? false : `there is no ${name}: apt install ${name}`
}
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

test('images are pushed to a registry, and pulled from it with their labels', { skip: missing(program) }, async (t) => {
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

test(
  'the pipeline signs each image that it pushes, and the software bill of materials in it',
  { skip: missing(program, 'cosign') },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'dockercoins-registry-'))
    const REGISTRY = `${await startRegistry(t, folder)}/coins`
    const environment = { ...process.env, COSIGN_PASSWORD: '', REGISTRY, TAG: 'abc', SIGN: 'key' }
    const COSIGN_KEY = join(folder, 'cosign.key')
    const run = async (name: string, args: string[], cwd = folder) =>
      (await promisify(execFile)(name, args, { cwd, env: { ...environment, COSIGN_KEY }, maxBuffer: 1e8 })).stdout
    const verify = (command: string, image: string, key = 'cosign.pub', ...options: string[]) =>
      run('cosign', [command, '--key', key, '--insecure-ignore-tlog', ...options, image])
    await run('cosign', ['generate-key-pair'])
    await run('cosign', ['generate-key-pair', '--output-key-prefix', 'other'])
    t.after(() => docker('image', 'rm', ...services.map((name) => `${REGISTRY}/${name}:abc`)))

    await run('deploy/pipeline/build', [], repository)
    for (const service of services) {
      const image = `${REGISTRY}/${service}:abc`
      await verify('verify', image)
      await assert.rejects(
        verify('verify', image, 'other.pub'),
        /no signatures? (matched|found)|invalid signature|no matching/,
      )
      const attested = await verify('verify-attestation', image, 'cosign.pub', '--type', 'cyclonedx')
      const { payload } = JSON.parse(attested) as { payload: string }
      const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as { predicate: object }
      assert.deepEqual(predicate, JSON.parse(await readInImage(image, '/app/sbom.cdx.json')))
    }
  },
)
