import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

import type { Service } from '@dockercoins/service'
import { negotiate } from '@fastify/accept-negotiator'

export interface Page {
  html: string
  /** A hash of the page, which has it as `data-version`. */
  version: string
}

/** Better ones take a hundred milliseconds of every start, and save 3 of 40 KiB. */
const BROTLI_QUALITY = 5

/** Loads the page: built beside this module in an image, else bundled from its source. */
export async function loadPage(): Promise<Page> {
  const built = new URL('page.html', import.meta.url)
  const html = existsSync(built) ? await readFile(built, 'utf8') : await (await import('./bundle-page.ts')).bundlePage()
  const version = hash('sha256', html).slice(0, 12)
  return { html: html.replace('VERSION', version), version }
}

/** Adds the name and colour of this copy to the page, which has them before any snapshot. */
export function labelPage({ html, version }: Page, label: string, color: string): Page {
  const attributes = `data-label="${escapeHtml(label)}" data-color="${escapeHtml(color)}"`
  return { version, html: html.replace('<html', (tag) => `${tag} ${attributes}`) }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Adds the routes of the page, compressed once. Browsers ask each time whether it changed. */
export function servePage(webui: Service, { html }: Page): void {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }
  const encoded = { br: brotliCompressSync(html, brotli), gzip: gzipSync(html) }
  const headers = {
    'cache-control': 'no-cache',
    'content-type': 'text/html; charset=utf-8',
    // Weak, because one tag stands for all encodings.
    etag: `W/"${hash('sha256', html).slice(0, 12)}"`,
    vary: 'accept-encoding',
  }
  for (const path of ['/', '/index.html']) {
    webui.get(path, (request, reply) => {
      reply.headers(headers)
      if (request.headers['if-none-match']?.includes(headers.etag)) return reply.code(304).send()
      const encoding = negotiate(request.headers['accept-encoding'] ?? '', ['br', 'gzip'])
      return encoding ? reply.header('content-encoding', encoding).send(encoded[encoding]) : reply.send(html)
    })
  }
}
