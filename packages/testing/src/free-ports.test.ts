import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { test } from 'node:test'

const PROCESSES = 6
const TIMES = 60

/** Asks for three ports again and again, and runs until its input ends. */
const program = `
  const { freePorts } = await import('@dockercoins/testing/free-ports')
  for (let i = 0; i < ${TIMES}; i++) console.log(await freePorts(3))
  process.stdin.resume()
`

async function readPorts(output: Readable): Promise<number[]> {
  const ports: number[] = []
  for await (const line of createInterface(output)) if (ports.push(Number(line)) === TIMES) break
  return ports
}

test('processes that ask at the same time get different ports', async () => {
  const processes = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  const bases = (await Promise.all(processes.map(({ stdout }) => readPorts(stdout)))).flat()
  const exits = processes.map((child) => once(child, 'exit'))
  for (const { stdin } of processes) stdin.end()
  await Promise.all(exits)
  assert.equal(bases.length, PROCESSES * TIMES)
  assert.equal(new Set(bases.flatMap((port) => [port, port + 1, port + 2])).size, 3 * bases.length)
})
