export { WhereTimeGoes as PipelinePanel } from './where-time-goes.tsx'
