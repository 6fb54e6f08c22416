export { capLog, type CappedLog } from './capped-log.ts'
export { createHistogram, type Observe } from './fast/histogram.ts'
export { httpSettings } from './http-settings.ts'
export type { Log } from './log.ts'
export { exit } from './log-output.ts'
export { CLIENT_GONE, Problem, stoppingProblem } from './problem.ts'
export { redactUrl } from './redact.ts'
export { createService, serve, type HttpConfig, type Service } from './service.ts'
export {
  ConfigError,
  integer,
  loadConfig,
  parseSettings,
  exitMisconfigured,
  text,
  type Config,
  type Setting,
} from './settings.ts'
export { aborted, stopSignal } from './stop-signal.ts'
