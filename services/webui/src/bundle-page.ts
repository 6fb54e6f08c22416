import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build, type BuildFailure } from 'esbuild'

/** A file that browsers request. */
export interface PageFile {
  name: string
  body: Buffer
}

const source = fileURLToPath(new URL('../page', import.meta.url))

/**
 * Bundles the page from its source: index.html with its styles, its script and its version, a hash,
 * and the icon. The page needs no other file, which a server of another version would not have.
 * Rejects with one line about what is wrong in the source.
 */
export async function bundlePage(): Promise<PageFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: source,
    entryPoints: ['page.tsx', 'icon.svg'],
    outdir: '.',
    entryNames: '[name]',
    assetNames: '[name]',
    loader: { '.svg': 'copy' },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    logLevel: 'silent',
  }).catch((error: Error | BuildFailure) => {
    // esbuild's own failures have no list of errors.
    const why = 'errors' in error ? error.errors.map(describe).join('; ') : error.message
    throw new Error(`the page cannot be bundled: ${why}`)
  })
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]))
  const template = await readFile(`${source}/index.html`, 'utf8')
  const html = template.replace(
    /<(style|script) src="([^"]+)">/g,
    (_, element: string, name: string) => `<${element}>${texts.get(name)}`,
  )
  const version = hash('sha256', html).slice(0, 12)
  const icon = { name: 'icon.svg', body: Buffer.from(texts.get('icon.svg') ?? '') }
  return [{ name: 'index.html', body: Buffer.from(html.replace('"VERSION"', `"${version}"`)) }, icon]
}

function describe({ location, text }: BuildFailure['errors'][number]): string {
  return location ? `${location.file}:${location.line}: ${text}` : text
}
