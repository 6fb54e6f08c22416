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
  font: Buffer
}

/** The name and the colour of a copy of the application; '' for none. */
interface Identity {
  label: string
  color: string
}

/** Better ones take a hundred milliseconds of every start, and save 3 of 40 KiB. */
const BROTLI_QUALITY = 5

/** Loads the page: built beside this module in an image, else bundled from its source. */
export async function loadPage({ label, color }: Identity = { label: '', color: '' }): Promise<Page> {
  const built = new URL('page.html', import.meta.url)
  const isBuilt = existsSync(built)
  const template = isBuilt ? await readFile(built, 'utf8') : await (await import('./bundle-page.ts')).bundlePage()
  const font = await readFile(new URL(isBuilt ? 'font.woff2' : '../page/font.woff2', import.meta.url))
  const html = template
    .replaceAll('font.woff2', `font.woff2?${hash('sha256', font).slice(0, 12)}`)
    .replace('data-label="" data-color=""', () => `data-label="${escapeHtml(label)}" data-color="${escapeHtml(color)}"`)
  const version = hash('sha256', html).slice(0, 12)
  return { html: html.replace('VERSION', version), version, font }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/**
 * Adds the routes of the page, compressed once, and of its font. Browsers ask each time whether the
 * page changed. The URL of the font changes with the font.
 */
export function servePage(webui: Service, { html, version, font }: Page): void {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }
  const encoded = { br: brotliCompressSync(html, brotli), gzip: gzipSync(html) }
  const headers = {
    'cache-control': 'no-cache',
    'content-type': 'text/html; charset=utf-8',
    // Weak, because one tag stands for all encodings.
    etag: `W/"${version}"`,
    vary: 'accept-encoding, x-forwarded-uri',
  }
  webui.get('/font.woff2', (_request, reply) =>
    reply.headers({ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'font/woff2' }).send(font),
  )
  for (const path of ['/', '/index.html']) {
    webui.get(path, (request, reply) => {
      reply.headers(headers)
      if (request.headers['if-none-match']?.includes(headers.etag)) return reply.code(304).send()
      const accepted = request.headers['accept-encoding'] ?? ''
      // The proxy of Kubernetes' API server rewrites pages, and fails on brotli.
      const isRewritten = request.headers['x-forwarded-uri'] !== undefined
      const encoding = negotiate(accepted, isRewritten ? ['gzip'] : ['br', 'gzip'])
      return encoding ? reply.header('content-encoding', encoding).send(encoded[encoding]) : reply.send(html)
    })
  }
}
