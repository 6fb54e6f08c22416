import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { until, within } from '@dockercoins/testing'
import { docker, down } from '@dockercoins/testing/compose-stack'
import { freePorts } from '@dockercoins/testing/free-ports'

const repository = fileURLToPath(new URL('../..', import.meta.url))
/** The image is built first, and again after the edit. */
const BUILD_MS = 240_000
const left = new Set(['node_modules', '.git', '.data'])

test('docker compose watch puts an edit into a new container', async (t) => {
  const name = `dockercoins-${randomUUID().slice(0, 8)}`
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-watch-'))
  await cp(repository, folder, { recursive: true, filter: (path) => !left.has(basename(path)) })
  const port = await freePorts()
  const others = { WEBUI_PORT: '0', HASHER_PORT: '0' }
  const watch = spawn('docker', ['compose', 'watch', 'rng'], {
    cwd: folder,
    env: { ...process.env, COMPOSE_PROJECT_NAME: name, TAG: name, RNG_PORT: `${port}`, ...others },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(async () => {
    watch.kill('SIGTERM')
    if (watch.exitCode === null) await within('docker compose watch to exit', once(watch, 'exit'))
    await down(name, '--volumes')
    await docker('image', 'rm', `dockercoins/rng:${name}`)
    await rm(folder, { recursive: true })
  })

  const lines: string[] = []
  createInterface({ input: watch.stdout }).on('line', (line) => lines.push(line))
  await until(
    'the watch',
    () => lines.join('\n'),
    (text) => text.includes('Watch enabled'),
    BUILD_MS,
  )
  const answer = () => fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
  await until('the rng that was built', answer, (text) => text.startsWith('RNG running'))
  const source = join(folder, 'services/rng/src/app.ts')
  await writeFile(source, (await readFile(source, 'utf8')).replace('RNG running', 'RNG edited'))
  await until('the rng that was edited', answer, (text) => text.startsWith('RNG edited'), BUILD_MS)
})
