import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Setting } from '@dockercoins/service'

// npm run docs: writes the settings of the services into docs/configuration.md. A test compares
// them.

export const page = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url))

/** docs/configuration.md with the settings as the code has them. */
export async function describeSettings(): Promise<string> {
  const services = ['rng', 'hasher', 'worker', 'webui']
  const tables = await Promise.all(services.map(settingsOf))
  const [first = [], ...others] = tables
  const shared = first.filter((row) => others.every((rows) => rows.includes(row)))
  const own = tables.map((rows) => rows.filter((row) => !shared.includes(row)))
  const sections = [section('All services', shared), ...services.map((service, i) => section(service, own[i]!))]
  const text = await readFile(page, 'utf8')
  return text.replace(/(?<=npm run docs` -->\n).*(?=<!-- end -->)/s, () => `\n${sections.join('\n')}\n`)
}

/** The rows of a service's table. */
async function settingsOf(service: string): Promise<string[]> {
  const { settings } = (await import(`../../services/${service}/src/config.ts`)) as {
    settings: Record<string, Setting<unknown>>
  }
  return Object.values(settings).map(({ variable, shown, meaning }) => `| \`${variable}\` | ${shown} | ${meaning} |`)
}

function section(heading: string, rows: string[]): string {
  return `## ${heading}\n\n${['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')}\n`
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) await writeFile(page, await describeSettings())
