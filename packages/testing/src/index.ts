export { until, within } from './until.ts'
