import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { resolve } from 'node:path'

import { build, type BuildOptions, type Plugin } from 'esbuild'

// node images/bundle.ts SERVICE: writes services/SERVICE/dist, which becomes /app of the service's
// image.

const services = ['rng', 'hasher', 'worker', 'webui']
const [service = ''] = process.argv.slice(2)
if (!services.includes(service)) throw new Error(`expected one of ${services.join(', ')}, got "${service}"`)
const target = `services/${service}/dist`

/**
 * Leaves out the Redis commands that the ledger does not use. Saves 13 MB in the worker and in the
 * web UI.
 */
const fewerCommands: Plugin = {
  name: 'fewer-commands',
  setup(building) {
    const contents = "export { redisCommands as default } from './redis/fast/commands.ts'"
    const few = { contents, resolveDir: resolve('packages/ledger/src') }
    building.onLoad({ filter: /@redis\/client\/dist\/lib\/commands\/index\.js$/ }, () => few)
  },
}

/**
 * Loads Node's modules with `require`. An `import` evaluates every export of a module, and the
 * exports of node:http include
 * `fetch` and WebSocket. Saves 3 to 4 MB and 40 ms of processor time at the start.
 */
const requireOfNode: Plugin = {
  name: 'require-of-node',
  setup(building) {
    building.onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, namespace }) =>
      namespace !== 'node' && isBuiltin(path) ? { path: path.replace('node:', ''), namespace: 'node' } : undefined,
    )
    building.onLoad({ filter: /./, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = require('node:${path}')`,
    }))
  },
}

/**
 * Leaves OpenTelemetry in a file of its own, which a service loads where it exports traces. With
 * `splitting` it would share code with the service, which would then load from more files.
 */
const tracingApart: Plugin = {
  name: 'tracing-apart',
  setup(building) {
    building.onResolve({ filter: /^\.\/opentelemetry\.ts$/ }, () => ({ path: './opentelemetry.mjs', external: true }))
  },
}

const options = {
  outdir: target,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions

await rm(target, { recursive: true, force: true })
const esm = {
  ...options,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // Loads the client of one ledger and not of both. Saves 5 MB in the worker. rng and hasher stay one
  // file: their faults would share code with the rest.
  splitting: service === 'worker' || service === 'webui',
  // CommonJS packages in the bundle call `require`, which an ES module does not have.
  banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
  // Development alone bundles the page when the service starts.
  external: ['./bundle-page.ts'],
  plugins: [fewerCommands, requireOfNode, tracingApart],
} satisfies BuildOptions
const main = await build({ ...esm, entryPoints: [`services/${service}/src/main.ts`] })
const tracing = await build({ ...esm, entryPoints: ['packages/service/src/opentelemetry.ts'], splitting: false })
await build({
  ...options,
  entryPoints: ['packages/service/src/stop-while-loading.ts', 'packages/service/src/health-check.ts'],
  // Loads a few milliseconds sooner than an ES module.
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
})
if (service === 'worker') {
  // Apart from the service, whose files would else share code with it and load more slowly.
  await build({ ...esm, entryPoints: ['packages/ledger/src/audit/command.ts'], entryNames: 'audit' })
}

const inputs = [main, tracing].flatMap(({ metafile }) => Object.keys(metafile.inputs))
const notices: string[] = []
if (service === 'webui') {
  const { bundlePage } = await import('@dockercoins/webui/bundle-page')
  await writeFile(`${target}/page.html`, await bundlePage())
  await cp('services/webui/page/font.woff2', `${target}/font.woff2`)
  const page = await build({ ...options, entryPoints: ['services/webui/page/page.tsx'], write: false })
  inputs.push(...Object.keys(page.metafile.inputs))
  notices.push(`The font of the page\n\n${await readFile('services/webui/page/font-licence.txt', 'utf8')}`)
}
const packages = await packagesOf(inputs)
await writeFile(
  `${target}/sbom.cdx.json`,
  `${JSON.stringify(billOfMaterials(packages.map(([, described]) => described)), null, 2)}\n`,
)
notices.unshift(...(await Promise.all(packages.map(([folder, described]) => describePackage(folder, described)))))
await writeFile(`${target}/THIRD-PARTY-NOTICES`, notices.join(`\n${'-'.repeat(80)}\n\n`))
await cp('LICENSE', `${target}/LICENSE`)
// The ledger in Redis reads its scripts from beside its own file.
if (inputs.includes('packages/ledger/src/redis/scripts.ts')) {
  await cp('packages/ledger/src/redis/lua', `${target}/lua`, { recursive: true })
}

interface Package extends Record<'name' | 'version' | 'license', string> {
  author: unknown
  repository: unknown
}

/** The packages that `files` belong to, by their folders. */
async function packagesOf(files: string[]): Promise<[folder: string, described: Package][]> {
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? [])
  return Promise.all(
    [...new Set(folders)]
      .toSorted()
      .map(async (folder) => [folder, JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as Package]),
  )
}

/**
 * The packages as a software bill of materials in CycloneDX 1.6 (ECMA-424). It has no time, so that
 * equal bundles have equal bills.
 */
function billOfMaterials(bundled: Package[]): object {
  const component = { type: 'application', name: `dockercoins/${service}`, 'bom-ref': service }
  const components = bundled.map(({ name, version, license }) => ({
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ expression: license }],
  }))
  return { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, metadata: { component }, components }
}

/** The notice of a package: its licence. */
async function describePackage(
  folder: string,
  { name, version, license, author, repository }: Package,
): Promise<string> {
  const heading = `${name} ${version}\nLicence: ${license}\n`
  const texts = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).toSorted()
  // A few packages do not contain the text of their licence.
  if (texts.length === 0) return `${heading}From package.json: ${JSON.stringify({ author, repository })}\n`
  const bodies = await Promise.all(texts.map((file) => readFile(`${folder}/${file}`, 'utf8')))
  return [heading, ...bodies.map((body) => `\n${body.trim()}\n`)].join('')
}
