/** Analyses from backgrounds and observations: guided priors and the classical methods behind one interface. */
export { aboutMinimum } from './aboutMinimum.ts'
export * from './assimilator.ts'
export { type NmcCovariance, type NmcOptions, nmcCovariance } from './background/nmc.ts'
export { type AnalysisDiagnostics, analysisOf, meanOf } from './diagnostics.ts'
export { drawBackgroundErrors, drawnCovariance, type ErrorDraws } from './drawBackgroundErrors.ts'
export {
  EnsembleFilter,
  type EnsembleFilterOptions,
  type MemberSource,
  membersFromErrors,
  membersOf,
  recentred,
} from './ensembleFilter.ts'
export { GenerativeAssimilator, type GenerativeOptions } from './generative.ts'
export * from './guidance/index.ts'
export { latentCovariance } from './latentCovariance.ts'
export { LatentVariational, type LatentVariationalOptions } from './latentVariational.ts'
export { availableMemory, refuseBeyondMemory } from './memory.ts'
export { ModelVariational, type ModelVariationalOptions } from './modelVariational.ts'
export { elementsOf } from './network.ts'
export { type PreparedObservations, type PrepareOptions, prepareObservations } from './prepareObservations.ts'
export { WindowVariational, type WindowVariationalOptions } from './windowVariational.ts'
export { type WriteAnalysisOptions, writeAnalysis } from './writeAnalysis.ts'
