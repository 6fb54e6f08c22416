import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

const folder = fileURLToPath(new URL('../page/', import.meta.url))

/**
 * Bundles the page into one file: index.html with its styles, script and icon. It needs no other
 * file, which a server of another version would not have. Rejects with one line about what is wrong.
 */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ['page.tsx', 'page.css'],
    outdir: '.',
    loader: { '.svg': 'dataurl' },
    // Served beside the page.
    external: ['font.woff2'],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    logLevel: 'silent',
  }).catch(({ message }: Error) => {
    throw new Error(`the page cannot be bundled: ${message.replaceAll('\n', ' ')}`)
  })
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]))
  const template = await readFile(`${folder}index.html`, 'utf8')
  const icon = await readFile(`${folder}icon.svg`, 'base64')
  return template
    .replace('icon.svg', `data:image/svg+xml;base64,${icon}`)
    .replace(/<(style|script) src="(.+)">/g, (_, element: string, name: string) => `<${element}>${texts.get(name)}`)
}
