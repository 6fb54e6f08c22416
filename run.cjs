// The npm scripts are `node run.cjs FILE.ts ARGUMENT...`: it runs FILE.ts in Node 24 or newer. That
// is this Node, or the one that `npm ci` installs. npm 11 puts the installed one first on the PATH;
// npm 10 loses the link to it, so it is looked up here.
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { join, resolve } = require('node:path')
const { pathToFileURL } = require('node:url')

const brought = join(__dirname, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')

if (Number(process.versions.node.split('.')[0]) >= 24) run()
else if (existsSync(brought)) runWith(brought)
else refuse()

/** Keeps the compiled code, also of services: the next start then takes a third less time. */
function run() {
  process.env.NODE_COMPILE_CACHE ??= join(__dirname, 'node_modules', '.cache', 'compile')
  require('node:module').enableCompileCache()
  process.argv.splice(1, 1)
  import(pathToFileURL(resolve(process.argv[1]))).catch((error) => {
    // The folder of the packages may exist for the cache alone.
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || existsSync(join(__dirname, 'node_modules', '@dockercoins')))
      throw error
    end('The packages of DockerCoins are not installed: run "npm ci" first.')
  })
}

function runWith(program) {
  const child = spawn(program, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', refuse)
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
}

function refuse() {
  end(
    `DockerCoins needs Node 24 or newer, and this is ${process.version} (${process.execPath}). ` +
      'On Linux with glibc "npm ci" installs it in node_modules. Elsewhere install it from https://nodejs.org or your package manager.',
  )
}

function end(reason) {
  console.error(reason)
  process.exit(1)
}
