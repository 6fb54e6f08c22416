export { createPause } from './pause.ts'
export { simulateWork, simulatedWorkSettings } from './simulated-work.ts'
