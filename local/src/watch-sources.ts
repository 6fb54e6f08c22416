import { readFileSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'

import { serviceNames, type ServiceName } from './spawn-service.ts'

/** Editors write a file in several steps: events within this time are one edit. Milliseconds. */
const SETTLE_MS = 100
/** Files that no service reads: tests, documents, bundles, and what editors write beside a file. */
const NOT_RUN = /(\.test\.ts|\.md|~)$|(^|\/)(\.|#|4913$|node_modules\/|dist\/)/

/**
 * Calls `onEdit` for each edit of a service's source, or of a package's that it depends on, with
 * the file's path and the services that run it. Where the system cannot watch, stops and calls
 * `onFailure` once, with a line that says why and what to do. Returns a function that stops it.
 */
export function watchSources(
  repository: string,
  onEdit: (file: string, services: ServiceName[]) => void,
  onFailure: (line: string) => void,
  watchFolder: typeof watch = watch,
): () => void {
  const watchers: FSWatcher[] = []
  let isClosed = false
  const users = serviceNames.flatMap((service) => foldersOf(repository, service).map((folder) => ({ folder, service })))
  try {
    for (const [folder, all] of Map.groupBy(users, (user) => user.folder)) {
      watchers.push(watchOne(folder, all))
    }
    // Node 24 on Linux ignores the limit of file watches at the start of a recursive watch, and emits
    // an error for files that are added later. Without `recursive` it throws: so ask for one more.
    watchFolder(repository).close()
  } catch (error) {
    fail(error as Error)
  }
  return close

  function watchOne(folder: string, all: { service: ServiceName }[]): FSWatcher {
    let settling = false
    const watcher = watchFolder(join(repository, folder), { recursive: true }, (_event, name) => {
      if (settling || name === null || NOT_RUN.test(name)) return
      settling = true
      setTimeout(() => {
        settling = false
        const services = all.map(({ service }) => service)
        if (!isClosed) onEdit(`${folder}/${name}`, services)
      }, SETTLE_MS)
    })
    return watcher.on('error', fail)
  }

  function close(): void {
    isClosed = true
    for (const watcher of watchers.splice(0)) watcher.close()
  }

  function fail(error: NodeJS.ErrnoException): void {
    if (isClosed) return
    close()
    onFailure(`edits are not noticed, ${explain(error)}`)
  }
}

function explain({ code = '', message }: NodeJS.ErrnoException): string {
  const raise: Record<string, string> = {
    ENOSPC: 'sudo sysctl fs.inotify.max_user_watches=524288',
    EMFILE: 'sudo sysctl fs.inotify.max_user_instances=512, or ulimit -n',
  }
  const advice = raise[code]
  return advice ? `the limit of file watches is reached (${code}): raise it (${advice}) and start again` : message
}

/** The folder of a service, and those of our own packages that it depends on. */
function foldersOf(repository: string, service: ServiceName): string[] {
  const manifest = readFileSync(join(repository, 'services', service, 'package.json'), 'utf8')
  const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> }
  const own = Object.keys(dependencies).filter((name) => name.startsWith('@dockercoins/'))
  return [`services/${service}`, ...own.map((name) => name.replace('@dockercoins', 'packages'))]
}
