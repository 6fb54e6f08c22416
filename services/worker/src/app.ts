import { createService, type HttpConfig, type Service } from '@dockercoins/service'

/** The routes of the worker: GET / beside those that all services have. */
export function buildWorker(config: HttpConfig, isReady: () => boolean): Service {
  const worker = createService('worker', config, { isReady })
  worker.get('/', (_request, reply) => reply.type('text/plain').send(`WORKER running on ${config.hostname}\n`))
  return worker
}
