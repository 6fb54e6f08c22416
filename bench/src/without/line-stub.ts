export { simulatedWorkSettings } from '../../../packages/service/src/simulated-work.ts'

/** No line, and no header that tells of it. */
export function simulateWork() {
  return { work: (_reply: unknown, work: () => unknown) => work(), pass() {} }
}
