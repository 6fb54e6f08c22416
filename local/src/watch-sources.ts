import { readFileSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'

import { serviceNames, type ServiceName } from './options.ts'

/** A file was edited, and these services run it. */
export interface Edit {
  /** Its path within the repository. */
  file: string
  services: ServiceName[]
}

/** Editors write a file in several steps; what comes within this time after the first is one edit. Milliseconds. */
const SETTLE_MS = 100
/** What no running service has read: tests, documents, bundles, and what editors write beside a file. */
const NOT_RUN = /(\.test\.ts|\.md|~)$|(^|\/)(\.|#|4913$|node_modules\/|dist\/|testing\/)/

/**
 * Calls `onEdit` for each edit of a service's source, or of a package's that it depends on, until the returned function is called.
 * Where the system cannot watch, stops watching and calls `onFailure` once, with a line that says why and what to do.
 */
export function watchSources(
  repository: string,
  onEdit: (edit: Edit) => void,
  onFailure: (line: string) => void,
  watchFolder: typeof watch = watch,
): () => void {
  const folders = new Map<string, ServiceName[]>()
  for (const service of serviceNames) {
    for (const folder of [`services/${service}`, ...packagesOf(repository, service)]) {
      folders.set(folder, [...(folders.get(folder) ?? []), service])
    }
  }
  const watchers: FSWatcher[] = []
  let hasFailed = false
  for (const [folder, services] of folders) {
    watchers.push(watchOne(folder, services).on('error', fail))
  }
  noticeLimit()
  return close

  /**
   * On Linux, Node ignores the limit of file watches while it begins to watch a folder with `recursive`, and emits an error
   * for files that are added later. Without `recursive` it throws: so this asks for one more watch.
   */
  function noticeLimit(): void {
    try {
      watchFolder(repository).close()
    } catch (error) {
      fail(error as Error)
    }
  }

  function watchOne(folder: string, services: ServiceName[]): FSWatcher {
    let settling: NodeJS.Timeout | undefined
    return watchFolder(join(repository, folder), { recursive: true }, (_event, name) => {
      if (hasFailed || name === null || NOT_RUN.test(name) || settling) return
      settling = setTimeout(() => {
        settling = undefined
        onEdit({ file: `${folder}/${name}`, services })
      }, SETTLE_MS)
    })
  }

  function close(): void {
    for (const watcher of watchers) watcher.close()
  }

  function fail(error: NodeJS.ErrnoException): void {
    if (hasFailed) return
    hasFailed = true
    close()
    onFailure(explain(error))
  }
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  const raise: Record<string, string> = {
    ENOSPC: 'sudo sysctl fs.inotify.max_user_watches=524288',
    EMFILE: 'sudo sysctl fs.inotify.max_user_instances=512, or ulimit -n',
  }
  const advice = raise[code ?? '']
  const why = advice ? `the limit of file watches is reached (${code}): raise it (${advice}) and start again` : message
  return `edits are not noticed, ${why}`
}

/** The folders of our own packages that `service` depends on. */
function packagesOf(repository: string, service: ServiceName): string[] {
  const text = readFileSync(join(repository, 'services', service, 'package.json'), 'utf8')
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> }
  const own = /^@dockercoins\/(.+)$/
  return Object.keys(dependencies).flatMap((name) => {
    const [, folder] = own.exec(name) ?? []
    return folder === undefined ? [] : [`packages/${folder}`]
  })
}
