import assert from 'node:assert/strict'
import { access, glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import type { Setting } from '@dockercoins/service'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFile(join(repository, path), 'utf8')

/** The rows of all tables in a Markdown text, cells trimmed. */
function tableRows(markdown: string): string[][] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'))
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

async function documents(): Promise<string[]> {
  const paths = await Array.fromAsync(
    glob('**/*.md', { cwd: repository, exclude: (name) => name.includes('node_modules') }),
  )
  return paths.toSorted()
}

for (const service of ['rng', 'hasher', 'worker', 'webui']) {
  test(`${service}'s README lists its settings as the code has them`, async () => {
    const { settings } = (await import(`../../services/${service}/src/config.ts`)) as {
      settings: Record<string, Setting<unknown>>
    }
    const documented = tableRows(await read(`services/${service}/README.md`)).filter(([name]) =>
      /^`[A-Z_]+`$/.test(name ?? ''),
    )
    const expected = Object.values(settings).map(({ variable, shown, meaning }) => [`\`${variable}\``, shown, meaning])
    assert.deepEqual(documented, expected)
  })
}

test('the README lists the variables of compose.yaml with their defaults', async () => {
  const variables = [...(await read('compose.yaml')).matchAll(/\$\{(\w+):-([^}]*)\}/g)]
  const expected = new Map(variables.map(([, name, fallback]) => [`\`${name}\``, `\`${fallback}\``]))
  const rows = tableRows(await read('README.md')).filter((row) => row.length === 3 && /^`[A-Z_]+`$/.test(row[0] ?? ''))
  assert.deepEqual(new Map(rows.map(([name, fallback]) => [name, fallback])), expected)
})

test('every npm command in the documents is a script, and every option of npm start is in its usage', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  const usage = await read('local/src/options.ts')
  for (const path of await documents()) {
    const text = await read(path)
    for (const [command, script] of text.matchAll(/npm run ([\w:]+)/g))
      assert.ok(Object.hasOwn(scripts, script!), `${path}: ${command}`)
    for (const [command, script] of text.matchAll(/npm (start|test)\b/g))
      assert.ok(Object.hasOwn(scripts, script!), `${path}: ${command}`)
    for (const [, options] of text.matchAll(/npm start -- ([^\n`]*)/g)) {
      for (const [option] of options!.matchAll(/--\w+/g)) assert.ok(usage.includes(option), `${path}: ${option}`)
    }
  }
})

test('every relative link in the documents leads somewhere', async () => {
  for (const path of await documents()) {
    for (const [, target] of (await read(path)).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      await access(join(repository, dirname(path), target!))
    }
  }
})
