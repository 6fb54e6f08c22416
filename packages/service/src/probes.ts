import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

import packageJson from '../../../package.json' with { type: 'json' }
import { Problem } from './protocol.ts'

/** Routes that are served in any state, and that the access log leaves out. */
export const PROBES = new Set(['/healthz', '/readyz', '/metrics', '/version'])

export const { version } = packageJson

/** A registry with the figures of the process: CPU, memory, event loop, version. */
export function createMetrics(revision: string): Registry {
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  const help = 'Version and source revision; the value is always 1.'
  const labelNames = ['version', 'revision']
  new Gauge({ name: 'dockercoins_build_info', help, labelNames, registers: [metrics] }).set({ version, revision }, 1)
  return metrics
}

/** The routes that platforms and Prometheus ask for. */
export async function addProbes(
  service: FastifyInstance,
  { isReady, revision }: { isReady: () => boolean | Promise<boolean>; revision: string },
) {
  service.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'))
  service.get('/readyz', async (_request, reply) => {
    if (service.isStopping || !(await isReady())) throw new Problem(503, 'not ready')
    return reply.type('text/plain').send('ready\n')
  })
  service.get('/metrics', async (_request, reply) =>
    reply.type(service.metrics.contentType).send(await service.metrics.metrics()),
  )
  service.get('/version', async () => ({ version, revision }))
}
