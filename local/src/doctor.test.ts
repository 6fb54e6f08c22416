import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { temporaryFolder } from '@dockercoins/testing/ledger-file'

import { repository } from './spawn-service.ts'

/** The doctor of a clone, where `programs` alone are found. */
function runDoctor(folder: string, programs: string) {
  const args = ['run.cjs', 'local/src/doctor.ts']
  const env = { PATH: programs, npm_config_user_agent: 'npm/11.6.0 node/v24.0.0 linux x64' }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })
  return { status, lines: stdout.trimEnd().split('\n'), stderr }
}

test('the doctor runs in a clone before npm ci, without Docker, and reports both', async (t) => {
  const folder = await temporaryFolder(t)
  for (const file of ['run.cjs', ...['doctor', 'diagnose', 'try-port'].map((name) => `local/src/${name}.ts`)]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    copyFileSync(join(repository, file), join(folder, file))
  }
  const { status, lines, stderr } = runDoctor(folder, folder)
  assert.equal(stderr, '')
  assert.equal(status, 1)
  assert.match(lines.join('\n'), /^packages +missing\n +→ npm ci$/m)
  for (const name of ['Docker Engine', 'Docker Compose', 'Docker buildx', 'images', 'kubectl', 'httping'])
    assert.match(lines.join('\n'), new RegExp(`^${name} +missing`, 'm'))
  assert.equal(lines.at(-1), 'npm start: no, Docker Compose: no')
})

test('the doctor finds this Node, this npm and the packages', () => {
  const { lines, stderr } = runDoctor(repository, process.env['PATH'] ?? '')
  assert.equal(stderr, '')
  assert.match(lines.join('\n'), new RegExp(`^Node +ok +${process.versions.node}$`, 'm'))
  assert.match(lines.join('\n'), /^npm +ok +11\.6\.0$/m)
  assert.match(lines.join('\n'), /^packages +ok$/m)
  assert.match(lines.at(-1)!, /^npm start: (yes|no), Docker Compose: (yes|no)$/)
})
