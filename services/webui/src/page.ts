import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

import type { Service } from '@dockercoins/service'

import type { PageFile } from './bundle-page.ts'

export interface Page {
  files: PageFile[]
  /** The same for the same page, another for another; the page itself has it as `data-version`. */
  version: string
  /** What the policy of the page is to allow (Content Security Policy Level 3, hash-source): its own scripts and styles. */
  scripts: string[]
  styles: string[]
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The page's files: those built beside this module where there are any (in an image), else bundled from their source. */
export async function loadPage(): Promise<Page> {
  const built = new URL('page/', import.meta.url)
  const files = existsSync(built) ? await readFiles(built) : await (await import('./bundle-page.ts')).bundlePage()
  const html = files.find(({ name }) => name === 'index.html')
  if (!html) throw new Error('expected index.html among the files of the page')
  const text = html.body.toString()
  const version = /data-version="(\w+)"/.exec(text)?.[1] ?? ''
  return { files, version, scripts: hashSources(text, 'script'), styles: hashSources(text, 'style') }
}

function hashSources(html: string, element: 'script' | 'style'): string[] {
  const contents = html.matchAll(new RegExp(`<${element}[^>]*>(.*?)</${element}>`, 'gs'))
  return Array.from(contents, ([, content = '']) => `'sha256-${hash('sha256', content, 'base64')}'`)
}

function readFiles(folder: URL): Promise<PageFile[]> {
  return readdir(folder).then((names) =>
    Promise.all(names.map(async (name) => ({ name, body: await readFile(new URL(name, folder)) }))),
  )
}

/** Adds a route for each file. Browsers ask each time whether it changed. */
export function servePage(webui: Service, { files }: Page): void {
  for (const { name, body } of files) {
    const type = types[extname(name)] ?? 'application/octet-stream'
    for (const path of name === 'index.html' ? ['/', '/index.html'] : [`/${name}`]) {
      webui.get(path, (_request, reply) => reply.header('cache-control', 'no-cache').type(type).send(body))
    }
  }
}
