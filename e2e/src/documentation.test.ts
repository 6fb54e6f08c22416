import assert from 'node:assert/strict'
import { access, glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { describeSettings, page } from './configuration.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFile(join(repository, path), 'utf8')

/** A table without the spaces and dashes that align its columns. */
function unaligned(markdown: string): string {
  return markdown.replaceAll(/-{3,}/g, '---').replaceAll(/ +/g, ' ')
}

/**
 * The Dockerfile of `service` without what may differ: the name, the description and the health
 * check.
 */
async function anonymousDockerfile(service: string): Promise<string> {
  return (await read(`services/${service}/Dockerfile`))
    .replaceAll(service, 'SERVICE')
    .replace(/description=".*"/, '')
    .replace(/^HEALTHCHECK.*|^# No health check.*/m, '')
}

/** The paths of the repository's files that match, without what is built or installed. */
async function find(...patterns: string[]): Promise<string[]> {
  const exclude = ['**/node_modules', '**/dist', '**/.git', '.data']
  return (await Array.fromAsync(glob(patterns, { cwd: repository, exclude }))).toSorted()
}

test('docs/configuration.md lists the settings of all services (npm run docs writes it)', async () => {
  assert.equal(unaligned(await readFile(page, 'utf8')), unaligned(await describeSettings()))
})

test('docs/configuration.md lists the variables of compose.yaml with their defaults', async () => {
  const compose = await read('compose.yaml')
  const [, documented = ''] = (await readFile(page, 'utf8')).split('## Docker Compose')
  const expected = [...compose.matchAll(/\$\{(\w+):-([^}]*)\}/g)].map(([, name, fallback]) => [name, fallback])
  const rows = [...documented.matchAll(/^\| `([A-Z_]+)` +\| `(.*?)` /gm)].map(([, name, fallback]) => [name, fallback])
  assert.deepEqual(new Map(rows as [string, string][]), new Map(expected as [string, string][]))
  const passedThrough = [...compose.matchAll(/^ {4}([A-Z_]+):$|(?<=args: \[.*)\b([A-Z_]+)(?=[,\]])/gm)]
  assert.ok(passedThrough.length > 0)
  for (const [, variable, argument] of passedThrough) {
    const name = variable ?? argument
    assert.ok(documented.includes(`\`${name}\``), name)
  }
})

/** Variables that the chart sets itself, or has values of their own for. */
const ofTheChart = new Set([
  'BASE_PORT',
  'PORT',
  'HOSTNAME',
  'NODE_NAME',
  'NAMESPACE',
  'REVISION',
  'LEDGER_URL',
  'KEY_PREFIX',
])

test('the chart takes every variable of the services, and has the version of package.json', async () => {
  const { properties: values } = JSON.parse(await read('deploy/chart/values.schema.json')) as {
    properties: Record<string, { properties: Record<string, { properties: object }> }>
  }
  for (const service of ['rng', 'hasher', 'worker', 'webui']) {
    const { settings } = (await import(`../../services/${service}/src/config.ts`)) as {
      settings: Record<string, { variable: string }>
    }
    const variables = Object.values(settings).map(({ variable }) => variable)
    const known = Object.keys(values[service]!.properties['env']!.properties)
    assert.deepEqual(new Set(known), new Set(variables).difference(ofTheChart), service)
  }
  const { version } = JSON.parse(await read('package.json')) as { version: string }
  const chart = await read('deploy/chart/Chart.yaml')
  for (const name of ['version', 'appVersion']) assert.match(chart, new RegExp(`^${name}: ${version}\\b`, 'm'))
})

test('every npm command in the documents is a script, and every option is in its usage', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  const usages: [command: string, usage: string][] = [
    ['npm start', await read('local/src/options.ts')],
    ['npm run scale', await read('local/src/options.ts')],
    ['npm run fault', await read('deploy/fault/options.ts')],
  ]
  for (const path of await find('**/*.md')) {
    const text = await read(path)
    for (const [command, script] of text.matchAll(/npm run ([\w:-]+)/g))
      assert.ok(Object.hasOwn(scripts, script!), `${path}: ${command}`)
    for (const [command, script] of text.matchAll(/npm (start|test)\b/g))
      assert.ok(Object.hasOwn(scripts, script!), `${path}: ${command}`)
    for (const [command, usage] of usages) {
      for (const [, options] of text.matchAll(new RegExp(`${command} -- ([^\\n\`]*)`, 'g'))) {
        for (const [option] of options!.matchAll(/--\w+/g)) assert.ok(usage.includes(option), `${path}: ${option}`)
      }
    }
  }
})

test('docs/faults.md has every fault of npm run fault, with its name in JSON', async () => {
  const usage = await read('deploy/fault/options.ts')
  const [, listed = '', fault = ''] = /^Faults, .*?\n(.*?)\n\n.*?interface Fault \{\n(.*?)\n\}/ms.exec(usage) ?? []
  const options = [...listed.matchAll(/^ {2}--(\w+)/gm)].map(([, option]) => option)
  const names = [...fault.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name).filter((name) => name !== 'seconds')
  const rows = [...(await read('docs/faults.md')).matchAll(/^\| `--(\w+)[^`]*` +\| `"(\w+)": /gm)]
  assert.deepEqual(new Set(rows.map(([, option]) => option)), new Set(options))
  assert.deepEqual(new Set(rows.map(([, , name]) => name)), new Set(names))
})

test('every service that a command of Docker Compose in the documents names is in compose.yaml', async () => {
  const services = [...(await read('compose.yaml')).split(/^(?:services|networks):$/m)[1]!.matchAll(/^ {2}(\w+):/gm)]
  const names = new Set(services.map(([, name]) => name))
  const patterns = [
    /docker compose run(?: --?[\w-]+)* (\w+)/g,
    /docker compose (?:kill|start|build|pull) (\w+)/g,
    /docker compose [^\n`|]*--scale (\w+)=/g,
  ]
  let found = 0
  for (const path of await find('**/*.md')) {
    const text = await read(path)
    for (const pattern of patterns) {
      for (const [command, service] of text.matchAll(pattern)) {
        found++
        assert.ok(names.has(service), `${path}: ${command}`)
      }
    }
  }
  assert.ok(found > 20, `${found}`)
})

test('every relative link in the documents leads somewhere', async () => {
  for (const path of await find('**/*.md')) {
    for (const [, target] of (await read(path)).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      await access(join(repository, dirname(path), target!))
    }
  }
})

test('the Dockerfiles differ in the names of the services alone', async () => {
  const first = await anonymousDockerfile('rng')
  for (const service of ['hasher', 'worker', 'webui']) assert.equal(await anonymousDockerfile(service), first, service)
})

/** Words that were replaced, as patterns, and what the field says. */
const retiredWords: [pattern: RegExp, say: string][] = [
  [/\bin line\b(?! with)|\bcreateLine\b|\bLineConfig\b|\bat the counter\b/i, 'queue'],
  [/\bat work\b/i, 'serving'],
  [/\bcamera(?!=\(\))/i, 'snapshot reader'], // not the Permissions-Policy header
  [/\b(telling|told)\b/i, 'log, return, report'],
  [/\bexchange(s|d)?\b/i, 'request and response'],
  [/\bitsStatus\b/, 'status code'],
  [/\bmost that theory allows\b/i, 'capacity'],
  [/\btrue speed\b|\bspeed is true\b/i, 'measured speed'],
  [/(?<!keep[-_ ]?)\balive\b/i, 'running'],
  [/\bis back\b(?!-)/i, 'recovered'],
  [/\bfound again\b/i, 'recovered'],
  [/\b(hashes|coins|units|requests) a second\b/i, 'per second'],
  [/\b(isFull|hasRoom)\b/, 'saturation, back-pressure'],
  [/\bREDIS_URL\b(?!` (is understood|does the same))/, 'LEDGER_URL'],
]
/** Files that may use a retired word, and why. */
const exceptions: [path: RegExp, word: RegExp][] = [
  [/^e2e\/src\/documentation\.test\.ts$/, /./], // the list itself
  [/^CHANGELOG\.md$/, /./], // names what was renamed
  [/^(packages\/ledger|local)\/|^docs\/configuration\.md$/, /^REDIS_URL$/], // the alias of LEDGER_URL
]

test('no file uses a retired word', async () => {
  const found: string[] = []
  for (const path of await find('**/*.{ts,tsx,mjs,cjs,css,html,lua,md,yaml,yml}', 'services/*/Dockerfile', '.ci/*')) {
    for (const [number, line] of (await read(path)).split('\n').entries()) {
      for (const [pattern, say] of retiredWords) {
        const [word] = pattern.exec(line) ?? []
        if (word === undefined || exceptions.some(([file, words]) => file.test(path) && words.test(word))) continue
        found.push(`${path}:${number + 1}: "${word}": use ${say}`)
      }
    }
  }
  assert.deepEqual(found, [])
})
