import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { hasPrometheus, NO_PROMETHEUS } from '@dockercoins/testing/prometheus'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const skip = hasPrometheus() ? false : NO_PROMETHEUS

const promtool = (...args: string[]) => promisify(execFile)('promtool', args, { cwd: import.meta.dirname })
const namesIn = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, name]) => name!)

test('Prometheus accepts its configuration and the rules', { skip }, async () => {
  const { stdout } = await promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yaml')
  assert.match(stdout, /11 rules found/)
})

test('each alert fires when it should, and only then', { skip }, async () => {
  await promtool('test', 'rules', 'rules.test.yaml')
})

test('each alert is tested, and has a section in docs/monitoring.md', async () => {
  const alerts = namesIn(await readFile(`${repository}deploy/chart/files/rules.yaml`, 'utf8'), /- alert: (\w+)/g)
  const tests = await readFile(`${import.meta.dirname}/rules.test.yaml`, 'utf8')
  assert.deepEqual(alerts, namesIn(await readFile(`${repository}docs/monitoring.md`, 'utf8'), /^### (\w+)$/gm))
  for (const alert of alerts) assert.match(tests, new RegExp(`alertname: ${alert}\n *exp_alerts:`))
})
