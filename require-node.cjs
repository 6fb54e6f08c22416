// Preloaded by every script (`node -r`), so that a Node that cannot run TypeScript says so in one line.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `DockerCoins needs Node 24 or newer, and this is ${process.version} (${process.execPath}). ` +
      'On Linux run "npm ci" first: it brings the right one. Elsewhere install it from https://nodejs.org.',
  )
  process.exit(1)
}
