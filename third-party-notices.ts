import { readdir, readFile } from 'node:fs/promises'

/** The licences of all packages that `files` belong to, as one text. `files` are paths below the repository's folder. */
export async function thirdPartyNotices(files: string[]): Promise<string> {
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? [])
  const notices = await Promise.all([...new Set(folders)].toSorted().map(describePackage))
  return notices.join(`\n${'-'.repeat(80)}\n\n`)
}

async function describePackage(folder: string): Promise<string> {
  const { name, version, license, author, repository } = JSON.parse(
    await readFile(`${folder}/package.json`, 'utf8'),
  ) as Record<string, string>
  const heading = `${name} ${version}\nLicence: ${license}\n`
  const texts = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).toSorted()
  // A few packages are published without the text of their licence.
  if (texts.length === 0) return `${heading}From package.json: ${JSON.stringify({ author, repository })}\n`
  const bodies = await Promise.all(texts.map((file) => readFile(`${folder}/${file}`, 'utf8')))
  return [heading, ...bodies.map((body) => `\n${body.trim()}\n`)].join('')
}
