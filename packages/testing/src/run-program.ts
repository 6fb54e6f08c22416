import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

/** How a program ended, and all that it printed. */
interface Result {
  exitCode: number
  output: string
}

/** Runs a program in the repository. Resolves whatever its exit code is. */
export async function runProgram(
  program: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Result> {
  // The tests that the program may run are not part of this one.
  const { NODE_TEST_CONTEXT: _context, STACK: _stack, ...inherited } = process.env
  const options = { cwd: repository, env: { ...inherited, ...env }, maxBuffer: 64 * 1024 * 1024 }
  return promisify(execFile)(program, args, options).then(
    ({ stdout, stderr }) => ({ exitCode: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ exitCode: code, output: stdout + stderr }),
  )
}
