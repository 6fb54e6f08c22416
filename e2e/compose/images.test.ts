import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { until } from '@dockercoins/testing'
import { docker, readInImage } from '@dockercoins/testing/compose-stack'
import { temporaryFolder } from '@dockercoins/testing/ledger-file'
import { build } from 'esbuild'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Starts a container and resolves to its id. It is removed when the test ends. */
async function start(t: TestContext, ...args: string[]): Promise<string> {
  const container = await docker('run', '--detach', ...args)
  t.after(() => docker('rm', '--force', '--volumes', container))
  return container
}

/** The digests of an image's layers, one per line. */
function layers(image: string): Promise<string> {
  return docker('inspect', '--format', '{{range .RootFS.Layers}}{{println .}}{{end}}', image)
}

/** Resolves when the container's health check has succeeded. */
async function untilHealthy(container: string): Promise<void> {
  const health = await until(
    'the first health check',
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

test('a service that may not listen on its port names both remedies', async (t) => {
  const sysctl = 'net.ipv4.ip_unprivileged_port_start'
  const container = await start(t, '--sysctl', `${sysctl}=1024`, '--env', 'LOG_FORMAT=text', 'dockercoins/rng')
  assert.equal(await docker('wait', container), '1')
  const lines = await docker('logs', container)
  assert.match(lines, new RegExp(`cannot listen on all addresses, port 80: .*PORT above 1023.*${sysctl}`))
  assert.doesNotMatch(lines, /\n/)
})

test('a misconfigured service is not restarted for ever', async (t) => {
  const application = JSON.parse(await docker('compose', '--profile', '*', 'config', '--format', 'json')) as {
    services: Record<string, { restart: string; logging: { options: Record<string, string> } }>
  }
  for (const [name, service] of Object.entries(application.services)) {
    assert.match(service.restart, /^on-failure:\d+$/, name)
    assert.deepEqual(Object.keys(service.logging.options).toSorted(), ['max-file', 'max-size'], name)
  }
  const container = await start(t, '--restart', 'on-failure:2', '--env', 'PORT=http', 'dockercoins/rng')
  const state = await until(
    'the last restart',
    () => docker('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', container),
    (now) => now.endsWith(' 2') && now.startsWith('exited'),
  )
  assert.equal(state, 'exited 78 2')
})

test('build arguments replace the base images and set the version labels', async (t) => {
  const tag = `dockercoins-test-${process.pid}`
  t.after(() => docker('image', 'rm', tag))
  const settings = { RUNTIME_IMAGE: 'redis:8', VERSION: '1.2.3', REVISION: 'abc' }
  const args = Object.entries(settings).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  await docker('build', '--quiet', ...args, '--file', 'services/rng/Dockerfile', '--tag', tag, '.')
  assert.ok((await layers(tag)).startsWith(await layers('redis:8')))
  const { Labels, Env } = JSON.parse(await docker('inspect', '--format', '{{json .Config}}', tag)) as {
    Labels: Record<string, string>
    Env: string[]
  }
  assert.equal(Labels['org.opencontainers.image.version'], '1.2.3')
  assert.equal(Labels['org.opencontainers.image.revision'], 'abc')
  assert.ok(Env.includes('REVISION=abc'))
})

test('an image has the same layers whenever it is built', async (t) => {
  const tag = `dockercoins-test-${process.pid}`
  t.after(() => docker('image', 'rm', tag))
  await docker('build', '--quiet', '--no-cache', '--file', 'services/rng/Dockerfile', '--tag', tag, '.')
  assert.equal(await layers(tag), await layers('dockercoins/rng'))
  const program = `console.log(require('node:fs').readdirSync('/app').join())`
  const code = 'health-check.cjs,main.mjs,opentelemetry.mjs,sbom.cdx.json,stop-while-loading.cjs'
  assert.equal(await docker('run', '--rm', tag, '-e', program), `LICENSE,THIRD-PARTY-NOTICES,${code}`)
})

test('an image for arm64 is made without emulation, of the same program', async (t) => {
  const folder = await temporaryFolder(t)
  const name = `dockercoins-test-${process.pid}`
  const [base, image] = [`${name}/arm64`, `${name}/rng:latest`]
  t.after(() => docker('image', 'rm', base, image))
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n')
  await docker('build', '--quiet', '--platform', 'linux/arm64', '--tag', base, folder)

  const settings = { platform: 'linux/arm64', 'args.RUNTIME_IMAGE': base, tags: image }
  const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `rng.${key}=${value}`])
  await docker('buildx', 'bake', '--file', 'compose.yaml', ...set, 'rng')
  assert.equal(await docker('inspect', '--format', '{{.Os}}/{{.Architecture}}', image), 'linux/arm64')
  assert.equal(await bundle(image, folder), await bundle('dockercoins/rng', folder))
})

/** The program in an image, which need not be able to run here. */
async function bundle(image: string, folder: string): Promise<string> {
  const container = await docker('create', image)
  try {
    await docker('cp', `${container}:/app/main.mjs`, folder)
    return await readFile(join(folder, 'main.mjs'), 'utf8')
  } finally {
    await docker('rm', container)
  }
}

/** Licences that ask for no more than the notice, which the images contain. */
const licences = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'])

interface Bill {
  bomFormat: string
  components: { name: string; version: string; purl: string; licenses: { expression: string }[] }[]
}

for (const service of ['rng', 'hasher', 'worker', 'webui']) {
  test(`the image of ${service} lists every package that is bundled in it, with its licence`, async () => {
    const expected = await bundledPackages(service)
    const notices = await readInImage(`dockercoins/${service}`, '/app/THIRD-PARTY-NOTICES')
    const headings = notices.matchAll(/^(\S+ \d+\.\d+\.\d+)\nLicence: \S+$/gm)
    assert.deepEqual(new Set(Array.from(headings, ([, heading]) => heading)), expected)

    const { bomFormat, components } = JSON.parse(
      await readInImage(`dockercoins/${service}`, '/app/sbom.cdx.json'),
    ) as Bill
    assert.equal(bomFormat, 'CycloneDX')
    assert.deepEqual(new Set(components.map(({ name, version }) => `${name} ${version}`)), expected)
    assert.equal(components.length, expected.size)
    for (const { purl, licenses } of components) {
      assert.match(purl, /^pkg:npm\/(%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+$/)
      assert.ok(licences.has(licenses[0]!.expression), `${purl}: ${licenses[0]!.expression}`)
    }
  })
}

/** Name and version of each package that the sources of `service` and of its page import. */
async function bundledPackages(service: string): Promise<Set<string>> {
  const sources = [`services/${service}/src/main.ts`, ...(service === 'webui' ? ['services/webui/page/page.tsx'] : [])]
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: sources,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['./bundle-page.ts'],
    outdir: '.',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const folders = Object.keys(metafile.inputs).flatMap(
    (path) => /^(.*node_modules\/(@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  )
  const manifests = [...new Set(folders)].map((folder) => readFile(join(repository, folder, 'package.json'), 'utf8'))
  const packages = (await Promise.all(manifests)).map((text) => JSON.parse(text) as { name: string; version: string })
  return new Set(packages.map(({ name, version }) => `${name} ${version}`))
}
