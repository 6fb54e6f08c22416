import type { SimulatedWork } from '../../../packages/service/src/simulated-work.ts'

export { simulatedWorkSettings } from '../../../packages/service/src/simulated-work.ts'

/** No line, and no header that tells of it. */
export function simulateWork(): SimulatedWork {
  return {
    answer(reply, type, work) {
      const body = work() as Buffer | string
      const servedBy = String(reply.getHeader('x-served-by'))
      reply.hijack()
      reply.raw.writeHead(200, ['content-type', type, 'content-length', `${body.length}`, 'x-served-by', servedBy])
      reply.raw.end(body)
      return undefined
    },
    pass() {},
  }
}
