import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

// npm run manifests: writes what follows from the chart. A test compares it.

const deploy = import.meta.dirname

/** Runs `helm` and resolves to its output. */
export async function helm(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('helm', args, { cwd: deploy, maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

/** The files that are made from the chart: their paths in this folder, and their texts. */
export async function describeChart(): Promise<Map<string, string>> {
  const documents = (await helm('template', 'dockercoins', 'chart', '--skip-tests')).split(/^---\n# Source: /m).slice(1)
  const files = new Map<string, string[]>()
  for (const document of documents) {
    const [, file = '', text = ''] = /^dockercoins\/templates\/(\S+)\n(.*)$/s.exec(document) ?? []
    files.set(file, [...(files.get(file) ?? []), text.trim()])
  }
  // In the order of the data: `kubectl apply` starts what others need first.
  const names = ['redis.yaml', 'rng.yaml', 'hasher.yaml', 'worker.yaml', 'webui.yaml']
  names.push(...[...files.keys()].filter((name) => !names.includes(name)).toSorted())
  const texts = names.map((name) => [`kubernetes/${name}`, (files.get(name) ?? []).join('\n---\n')] as const)
  const made = '# Made from deploy/chart by `npm run manifests`.\n\n'
  return new Map([
    ...texts.map(([path, text]) => [path, `${made}${text}\n`] as const),
    ['dockercoins.yaml', `${made}${texts.map(([, text]) => text).join('\n---\n')}\n`],
    ['chart/README.md', await describeValues()],
  ])
}

/** The chart's README with the tables of all values. */
async function describeValues(): Promise<string> {
  const values = await readFile(join(deploy, 'chart/values.yaml'), 'utf8')
  const [, ...parts] = values.split(/\n\n# /)
  const sections = parts.map((part) => {
    const [heading = '', ...lines] = part.split('\n')
    const rows = toRows(lines).map(
      ([path, value, meaning]) => `| \`${path}\` | ${value && `\`${value}\``} | ${meaning} |`,
    )
    return [heading, '', '| value | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n')
  })
  const readme = await readFile(join(deploy, 'chart/README.md'), 'utf8')
  return readme.replace(/(?<=npm run manifests` -->\n).*(?=<!-- end -->)/s, () => `\n${sections.join('\n')}\n`)
}

/** Each value with a comment, and the values below it that have none as its default. */
function toRows(lines: string[]): [path: string, value: string, meaning: string][] {
  const rows: [string, string, string][] = []
  const keys: string[] = []
  for (const line of lines) {
    const [, indent = '', key, value = '', meaning] = /^( *)([\w]+):(?: (?!#)(.*?))?(?: # (.*))?$/.exec(line) ?? []
    if (key === undefined) continue
    keys.splice(indent.length / 2, keys.length, key)
    if (meaning !== undefined) rows.push([keys.join('.'), value, meaning])
    else if (value) rows.at(-1)![1] += `${rows.at(-1)![1] && ', '}${key}: ${value}`
  }
  return rows
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) {
  for (const [path, text] of await describeChart()) {
    await mkdir(dirname(join(deploy, path)), { recursive: true })
    await writeFile(join(deploy, path), text)
  }
}
