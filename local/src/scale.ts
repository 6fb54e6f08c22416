import { requestScale } from './control.ts'
import { LocalError, parseScaleCommand, usage } from './options.ts'

try {
  const command = parseScaleCommand(process.argv.slice(2), process.env)
  console.log(command === 'help' ? usage.trimEnd() : await requestScale(command.port, command.scale))
} catch (error) {
  if (!(error instanceof LocalError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
