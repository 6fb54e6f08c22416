/** What the user can put right: the message is one line that says how. The exit code is 2 where the command line is wrong. */
export class LocalError extends Error {
  override name = 'LocalError'
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
