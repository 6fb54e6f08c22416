import { readFileSync, watch } from 'node:fs'
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

/** Calls `onEdit` for each edit of a service's source, or of a package's that it depends on, until the returned function is called. */
export function watchSources(repository: string, onEdit: (edit: Edit) => void): () => void {
  const folders = new Map<string, ServiceName[]>()
  for (const service of serviceNames) {
    for (const folder of [`services/${service}`, ...packagesOf(repository, service)]) {
      folders.set(folder, [...(folders.get(folder) ?? []), service])
    }
  }
  const watchers = [...folders].map(([folder, services]) => {
    let settling: NodeJS.Timeout | undefined
    return watch(join(repository, folder), { recursive: true }, (_event, name) => {
      if (name === null || NOT_RUN.test(name) || settling) return
      settling = setTimeout(() => {
        settling = undefined
        onEdit({ file: `${folder}/${name}`, services })
      }, SETTLE_MS)
    })
  })
  return () => {
    for (const watcher of watchers) watcher.close()
  }
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
