import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { repository } from './spawn-service.ts'

/** A clone that has run.cjs and a program. `run` runs it in this Node, or in one that seems old. */
function makeClone(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'dockercoins-run-'))
  t.after(() => rmSync(folder, { recursive: true }))
  copyFileSync(join(repository, 'run.cjs'), join(folder, 'run.cjs'))
  writeFileSync(join(folder, 'program.mts'), 'const words: string[] = process.argv.slice(2); console.log(...words)\n')
  writeFileSync(
    join(folder, 'old.cjs'),
    "Object.defineProperty(process, 'version', { value: 'v20.0.0' })\n" +
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })\n",
  )
  function run(isOld: boolean) {
    const preload = isOld ? ['--require', join(folder, 'old.cjs')] : []
    const args = [...preload, join(folder, 'run.cjs'), join(folder, 'program.mts'), 'one', 'two']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  return { folder, run }
}

/** Stands in for the Node that `npm ci` installs. */
function bring(folder: string, script: string): void {
  const bin = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'node'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, 'node'), 0o755)
}

test('a Node that is new enough runs the program itself', (t) => {
  const { folder, run } = makeClone(t)
  bring(folder, 'exit 9')
  assert.deepEqual(run(false), { status: 0, stdout: 'one two\n', stderr: '' })
})

test('a Node that is too old runs the program in the Node that was brought, and exits as that does', (t) => {
  const { folder, run } = makeClone(t)
  bring(folder, `"${process.execPath}" "$@"; exit 7`)
  assert.deepEqual(run(true), { status: 7, stdout: 'one two\n', stderr: '' })
})

for (const how of ['is absent', 'cannot run here']) {
  test(`where the Node is too old and the brought one ${how}, one line says what to do`, (t) => {
    const { folder, run } = makeClone(t)
    if (how !== 'is absent') {
      bring(folder, '')
      chmodSync(join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node'), 0o644)
    }
    const { status, stdout, stderr } = run(true)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^DockerCoins needs Node 24 or newer, and this is v20\.0\.0 .*nodejs\.org.*\n$/)
  })
}

test('where the packages are not installed, one line says what to do', (t) => {
  const { folder, run } = makeClone(t)
  writeFileSync(join(folder, 'program.mts'), "import '@dockercoins/local'\n")
  const stderr = 'The packages of DockerCoins are not installed: run "npm ci" first.\n'
  assert.deepEqual(run(false), { status: 1, stdout: '', stderr })
})
