// Preloaded by every script (`node -r`). A Node that cannot run TypeScript says so in one line; one that can keeps what it
// makes of it for the next time, as do the services that it starts: a start then takes a third less.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `DockerCoins needs Node 24 or newer, and this is ${process.version} (${process.execPath}). ` +
      'On Linux run "npm ci" first: it brings the right one. Elsewhere install it from https://nodejs.org.',
  )
  process.exit(1)
}

process.env.NODE_COMPILE_CACHE ??= require('node:path').join(__dirname, 'node_modules', '.cache', 'compile')
require('node:module').enableCompileCache()
