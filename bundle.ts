import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { resolve } from 'node:path'

import { build, type Plugin } from 'esbuild'

import { thirdPartyNotices } from './third-party-notices.ts'

// node bundle.ts SERVICE: writes services/SERVICE/dist, all that its image needs beside Node itself.

/** The ledger's few commands, in the place of the list of all that the Redis client has. */
const fewerCommands: Plugin = {
  name: 'fewer-commands',
  setup(building) {
    const contents = "export { redisCommands as default } from './redis/fast/commands.ts'"
    const few = { contents, resolveDir: resolve('packages/ledger/src') }
    building.onLoad({ filter: /@redis\/client\/dist\/lib\/commands\/index\.js$/ }, () => few)
  },
}

/**
 * Node's own modules by `require`: an `import` makes all that a module has ready, of node:http also fetch and WebSocket, which
 * takes megabytes and milliseconds. `http2` and `https` are left out for the same reason: nobody here speaks HTTP/2, nor serves
 * HTTPS, and the clients' TLS is in `tls`.
 */
const requireOfNode: Plugin = {
  name: 'require-of-node',
  setup(building) {
    const leftOut = new Set(['http2', 'https'])
    building.onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, namespace }) =>
      namespace !== 'node' && isBuiltin(path) ? { path: path.replace('node:', ''), namespace: 'node' } : undefined,
    )
    building.onLoad({ filter: /./, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = ${leftOut.has(path) ? '{ constants: {} }' : `require('node:${path}')`}`,
    }))
  },
}

const services = ['rng', 'hasher', 'worker', 'webui']
const [service = ''] = process.argv.slice(2)
if (!services.includes(service)) throw new Error(`expected one of ${services.join(', ')}, got "${service}"`)

const source = `services/${service}/src`
const target = `services/${service}/dist`
await rm(target, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: [`${source}/main.ts`],
  outdir: target,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  // Only one of the two ledgers is ever read.
  splitting: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // What is CommonJS in the bundle asks for Node's own modules with require, which an ES module does not have.
  banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
  // Never loaded: the page is bundled below and not when the service starts, no route has a schema, nothing is tested here,
  // and every processor that Node 24 runs on has SIMD.
  external: [
    './bundle-page.ts',
    '@fastify/ajv-compiler',
    '@fastify/fast-json-stringify-compiler',
    'light-my-request',
    '*/llhttp-wasm.js',
    '*/no-simd.js',
  ],
  plugins: [fewerCommands, requireOfNode],
  metafile: true,
  logLevel: 'warning',
})
await build({
  entryPoints: ['packages/service/src/stop-while-loading.ts', 'packages/service/src/health-check.ts'],
  outdir: target,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  // It loads a few milliseconds sooner than an ES module.
  format: 'cjs',
  logLevel: 'warning',
})
const bundled = Object.keys(metafile.inputs)
if (service === 'webui') {
  const { bundlePage } = await import('./services/webui/src/bundle-page.ts')
  await mkdir(`${target}/page`)
  for (const { name, body } of await bundlePage()) await writeFile(`${target}/page/${name}`, body)
  bundled.push(...(await pageInputs()))
}
await writeFile(`${target}/THIRD-PARTY-NOTICES`, await thirdPartyNotices(bundled))
await cp('LICENSE', `${target}/LICENSE`)
// Read at start by the ledger in Redis, from beside its own file.
if (metafile.inputs['packages/ledger/src/redis/scripts.ts']) {
  await cp('packages/ledger/src/redis/lua', `${target}/lua`, { recursive: true })
}

/** Every file that the page is made from. */
async function pageInputs(): Promise<string[]> {
  const page = await build({
    entryPoints: ['services/webui/page/page.tsx'],
    outdir: target,
    bundle: true,
    loader: { '.svg': 'empty' },
    write: false,
    metafile: true,
  })
  return Object.keys(page.metafile.inputs)
}
