import { execFile } from 'node:child_process'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { run } from '@dockercoins/testing/cluster'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a step of the pipeline, and resolves to its exit code and all that it prints. */
export async function step(name: string, args: string[], env: Record<string, string> = {}): Promise<[number, string]> {
  // The tests that the pipeline runs are not part of this one.
  const { NODE_TEST_CONTEXT: _context, STACK: _stack, ...inherited } = process.env
  const options = { cwd: repository, env: { ...inherited, ...env }, maxBuffer: 64 * 1024 * 1024 }
  return promisify(execFile)(name, args, options).then(
    ({ stdout, stderr }) => [0, stdout + stderr],
    ({ code, stdout, stderr }) => [code, stdout + stderr],
  )
}

/** Removes the namespaces when the test ends. */
export function removeAfter(t: TestContext, ...namespaces: string[]): void {
  t.after(() => run('kubectl', 'delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait=false'))
}
