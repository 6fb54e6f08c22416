export { capLog, type CappedLog } from './fast/capped-log.ts'
export { createHistogram, type Observe } from './fast/histogram.ts'
export { sendSmall } from './fast/send-small.ts'
export { exit, type Log } from './log.ts'
export { CLIENT_GONE, Problem, unavailable } from './problem.ts'
export { redactUrl } from './redact.ts'
export { createService, serve, type HttpConfig, type Service } from './service.ts'
export {
  ConfigError,
  exitMisconfigured,
  httpSettings,
  integer,
  loadConfig,
  parseSettings,
  text,
  type Config,
  type Setting,
} from './settings.ts'
export { aborted, stopSignal } from './stop-signal.ts'
