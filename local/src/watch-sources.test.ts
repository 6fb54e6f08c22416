import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import type { watch } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'

import { repository as root, serviceNames, type ServiceName } from './spawn-service.ts'
import { watchSources } from './watch-sources.ts'

const run = promisify(execFile)
/** To be run by a shell in a user namespace of its own: the limit is that namespace's. */
const LIMIT_WATCHES = 'echo 20 > /proc/sys/user/max_inotify_watches'
const NO_NAMESPACES = 'this system lets nobody lower the limit of file watches: it needs `unshare -Ur` of Linux'

function canLimitWatches(): boolean {
  return spawnSync('unshare', ['-Ur', 'sh', '-c', LIMIT_WATCHES]).status === 0
}

interface Edit {
  file: string
  services: ServiceName[]
}

/**
 * Watches a repository like ours. `edit` writes a file and returns the edit that is reported next.
 */
async function setUp(t: TestContext) {
  const repository = await mkdtemp(join(tmpdir(), 'dockercoins-watch-'))
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(repository, file)), { recursive: true })
    await writeFile(join(repository, file), text)
  }
  for (const service of serviceNames) {
    const isLedgers = service === 'worker' || service === 'webui'
    const dependencies = { '@dockercoins/service': '*', ...(isLedgers && { '@dockercoins/ledger': '*' }), fastify: '5' }
    await write(`services/${service}/package.json`, JSON.stringify({ dependencies }))
    await write(`services/${service}/src/main.ts`, '')
  }
  for (const name of ['service', 'ledger']) await write(`packages/${name}/src/index.ts`, '')
  const edits = new EventEmitter()
  const stop = watchSources(repository, (file, services) => edits.emit('edit', { file, services }), assert.fail)
  t.after(() => {
    stop()
    return rm(repository, { recursive: true })
  })
  const edit = async (file: string): Promise<Edit> => {
    const reported = once(edits, 'edit')
    await write(file, 'edited')
    return ((await reported) as [Edit])[0]
  }
  return { write, edit }
}

test('an edit to a service restarts that service alone', async (t) => {
  const { edit } = await setUp(t)
  assert.deepEqual(await edit('services/rng/src/main.ts'), { file: 'services/rng/src/main.ts', services: ['rng'] })
  assert.deepEqual((await edit('services/webui/page/page.css')).services, ['webui'])
})

test('an edit to a package restarts the services that depend on it', async (t) => {
  const { edit } = await setUp(t)
  assert.deepEqual((await edit('packages/ledger/src/index.ts')).services, ['webui', 'worker'])
  assert.deepEqual((await edit('packages/service/src/index.ts')).services, ['webui', 'rng', 'hasher', 'worker'])
})

test('what no service runs restarts nothing', async (t) => {
  const { edit, write } = await setUp(t)
  for (const file of [
    'src/main.test.ts',
    'README.md',
    'src/.main.ts.swp',
    'src/main.ts~',
    'src/#main.ts#',
    'src/4913',
  ]) {
    await write(`services/rng/${file}`, 'edited')
  }
  assert.deepEqual((await edit('services/hasher/src/main.ts')).services, ['hasher'])
})

test('a real limit of file watches is one line', { skip: canLimitWatches() ? false : NO_NAMESPACES }, async () => {
  const program = `
    const { watchSources } = await import(${JSON.stringify(import.meta.resolve('./watch-sources.ts'))})
    const stop = watchSources(${JSON.stringify(root)}, () => {}, (line) => console.log(line))
    stop()`
  const script = `${LIMIT_WATCHES} && exec "$0" --input-type=module --eval "$1"`
  const { stdout } = await run('unshare', ['-Ur', 'sh', '-c', script, process.execPath, program], { timeout: 60_000 })
  assert.match(
    stdout,
    /^edits are not noticed, the limit of file watches is reached \(ENOSPC\): .*max_user_watches.*\n$/,
  )
})

/** Whether a watch throws, by when the limit is reached: Node 26 throws for folders, Node 24 only without options. */
const limits: Record<string, (watched: number, options?: unknown) => boolean> = {
  'at the first folder': () => true,
  'at a later folder': (watched) => watched > 0,
  'after all folders': (_watched, options) => options === undefined,
  later: () => false,
}

for (const [how, isReached] of Object.entries(limits)) {
  test(`the limit of file watches, reached ${how}, is one line, and watching ends`, () => {
    const lines: string[] = []
    const limit = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const watchers: (EventEmitter & { closed: boolean; close(): void })[] = []
    const watchFolder = (_folder: string, options?: unknown) => {
      if (isReached(watchers.length, options)) throw limit
      if (options === undefined) return { close() {} }
      const watcher: (typeof watchers)[number] = Object.assign(new EventEmitter(), {
        closed: false,
        close: () => void (watcher.closed = true),
      })
      watchers.push(watcher)
      return watcher
    }
    watchSources(
      root,
      () => assert.fail(),
      (line) => lines.push(line),
      watchFolder as unknown as typeof watch,
    )
    if (how === 'later') for (const watcher of watchers) watcher.emit('error', limit)
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /limit of file watches .*max_user_watches/)
    assert.ok(watchers.every(({ closed }) => closed))
  })
}
