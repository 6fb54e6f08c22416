import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

import type { Service } from '@dockercoins/service'
import { negotiate } from '@fastify/accept-negotiator'

import type { PageFile } from './bundle-page.ts'

export interface Page {
  files: PageFile[]
  /** A hash of the page, which has it as `data-version`. */
  version: string
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
}
/** Better ones take a hundred milliseconds of every start, and save 3 of 40 KiB. */
const BROTLI_QUALITY = 5

/** Loads the page: built beside this module in an image, else bundled from its source. */
export async function loadPage(): Promise<Page> {
  const built = new URL('page/', import.meta.url)
  const files = existsSync(built) ? await readFiles(built) : await (await import('./bundle-page.ts')).bundlePage()
  const version = /data-version="(\w+)"/.exec(indexHtml(files))?.[1] ?? ''
  return { files, version }
}

async function readFiles(folder: URL): Promise<PageFile[]> {
  const names = await readdir(folder)
  return Promise.all(names.map(async (name) => ({ name, body: await readFile(new URL(name, folder)) })))
}

/** The text of index.html. */
export function indexHtml(files: PageFile[]): string {
  const html = files.find(({ name }) => name === 'index.html')
  if (!html) throw new Error('expected index.html among the files of the page')
  return html.body.toString()
}

/** Adds a route for each file, compressed once. Browsers ask each time whether it changed. */
export function servePage(webui: Service, { files }: Page): void {
  for (const { name, body } of files) {
    const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }
    const encoded = { br: brotliCompressSync(body, brotli), gzip: gzipSync(body) }
    const headers = {
      'cache-control': 'no-cache',
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      // Weak, because one tag stands for all encodings.
      etag: `W/"${hash('sha256', body, 'base64url')}"`,
      vary: 'accept-encoding',
    }
    for (const path of name === 'index.html' ? ['/', '/index.html'] : [`/${name}`]) {
      webui.get(path, (request, reply) => {
        reply.headers(headers)
        if (request.headers['if-none-match']?.includes(headers.etag)) return reply.code(304).send()
        const encoding = negotiate(request.headers['accept-encoding'] ?? '', ['br', 'gzip'])
        return encoding ? reply.header('content-encoding', encoding).send(encoded[encoding]) : reply.send(body)
      })
    }
  }
}
