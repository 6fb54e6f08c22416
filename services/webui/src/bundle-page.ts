import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build, type BuildFailure } from 'esbuild'

/** A file that the browser asks for. */
export interface PageFile {
  name: string
  body: Buffer
}

const source = fileURLToPath(new URL('../page', import.meta.url))

/** Bundles the page from its source. Every file but index.html has a hash of its content in its name. Rejects with what is wrong in it, in one line. */
export async function bundlePage(): Promise<PageFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: source,
    entryPoints: ['page.tsx', 'theme.ts', 'icon.svg'],
    outdir: '.',
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    logLevel: 'silent',
  }).catch((error: Error | BuildFailure) => {
    // It has no list of errors where esbuild itself was ended.
    const why = 'errors' in error ? error.errors.map(describe).join('; ') : error.message
    throw new Error(`the page cannot be bundled: ${why}`)
  })
  const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), body: Buffer.from(contents) }))
  const template = await readFile(`${source}/index.html`, 'utf8')
  const html = files.reduce((text, { name }) => text.replaceAll(name.replace(/-[A-Z0-9]{8}\./, '.'), name), template)
  return [{ name: 'index.html', body: Buffer.from(html) }, ...files]
}

function describe({ location, text }: BuildFailure['errors'][number]): string {
  return location ? `${location.file}:${location.line}: ${text}` : text
}
