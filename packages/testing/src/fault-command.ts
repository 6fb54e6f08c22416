import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../../../deploy/fault/main.ts', import.meta.url))

/** Runs `npm run fault`, without npm. Rejects unless it succeeds. */
export function runFault(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [program, ...args], { env: { ...process.env, ...env } })
}

/** Begins a fault of the service at `url`. Rejects unless that is done. */
export async function putFault(url: string, fault: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const { status } = await fetch(`${url}/faults`, { method: 'PUT', headers, body: JSON.stringify(fault) })
  assert.equal(status, 200)
}

/** Fails unless `npm run fault` begins and ends a fault in two replicas of the rng at `url`. */
export async function assertBreaksRng(url: string, where: string[], env: Record<string, string> = {}): Promise<void> {
  const errors = async () => ((await (await fetch(`${url}/faults`)).json()) as { errors?: number }).errors
  const { stdout: begun } = await runFault(['rng', '--errors', '10%', '--for', '60s', ...where], env)
  assert.equal(begun.match(/^\S*rng\S* has a fault for 60 s$/gm)?.length, 2, begun)
  assert.equal(await errors(), 0.1)
  const { stdout: ended } = await runFault(['rng', '--off', ...where], env)
  assert.equal(ended.match(/^\S*rng\S* has no fault any more$/gm)?.length, 2, ended)
  assert.equal(await errors(), undefined)
}
