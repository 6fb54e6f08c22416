import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

import type { Service } from '@dockercoins/service'

import type { PageFile } from './bundle-page.ts'

export interface Page {
  files: PageFile[]
  /** The same for the same page, another for another. */
  version: string
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The page's files: those built beside this module where there are any (in an image), else bundled from their source. */
export async function loadPage(): Promise<Page> {
  const built = new URL('page/', import.meta.url)
  const files = existsSync(built) ? await readFiles(built) : await (await import('./bundle-page.ts')).bundlePage()
  const html = files.find(({ name }) => name === 'index.html')
  if (!html) throw new Error('expected index.html among the files of the page')
  // It names all others, with hashes of what is in them.
  return { files, version: hash('sha256', html.body).slice(0, 12) }
}

function readFiles(folder: URL): Promise<PageFile[]> {
  return readdir(folder).then((names) =>
    Promise.all(names.map(async (name) => ({ name, body: await readFile(new URL(name, folder)) }))),
  )
}

/** Adds a route for each file: index.html is asked for anew each time, what has a hash in its name is kept for ever. */
export function servePage(webui: Service, { files }: Page): void {
  for (const { name, body } of files) {
    const isIndex = name === 'index.html'
    const cacheControl = isIndex ? 'no-cache' : 'public, max-age=31536000, immutable'
    const type = types[extname(name)] ?? 'application/octet-stream'
    for (const path of isIndex ? ['/', '/index.html'] : [`/${name}`]) {
      webui.get(path, (_request, reply) => reply.header('cache-control', cacheControl).type(type).send(body))
    }
  }
}
