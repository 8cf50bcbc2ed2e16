/**
 * The public API: everything that `align-da` does at the command line, as a library. What is not exported here may
 * change without notice. States are normalised [channel, latitude, longitude], north to south, longitudes from 0,
 * unless a function says otherwise; times are milliseconds since 1970-01-01 UTC.
 * @module align-da
 */

// Alignment: preference losses, pairs and the training of a prior on them.
export { chooseLoss, type LossConfig, lossSchema } from './alignment/losses/choose.ts'
export { diffusionDpo } from './alignment/losses/diffusionDpo.ts'
export { type DiffusionKtoOptions, diffusionKto } from './alignment/losses/diffusionKto.ts'
export { dspo } from './alignment/losses/dspo.ts'
export { ipo } from './alignment/losses/ipo.ts'
export type { Judged, PreferenceLoss, Residuals } from './alignment/losses/preferenceLoss.ts'
export { type Pair, type PairRule, ruleSchema, selectPairs } from './alignment/pairs.ts'
export { type Reward, type RewardContext, rewarded } from './alignment/reward.ts'
export { chooseReward, type RewardConfig, rewardSchema } from './alignment/rewards/choose.ts'
export { mixedWeights } from './alignment/soup.ts'
export {
  type AlignConfig,
  type Aligned,
  type AlignPriorOptions,
  alignPrior,
  alignSchema,
} from './alignment/train.ts'
export type { PreferencePairs } from './alignment/trainPairs.ts'
export { loadPairs, type StoredPairs, savePairs } from './alignment/trainPairsFile.ts'
// Assimilation: guided priors, variational and ensemble analyses behind one interface. The classical algorithms for
// problems of any kind are in the namespace `classical`.
export * as classical from './assimilation/classical/index.ts'
export { guidanceBy, scoreGuide } from './assimilation/guidance/guidance.ts'
export {
  type Analysis,
  type AnalysisDiagnostics,
  type AssimilationCase,
  type AssimilationOptions,
  type Assimilator,
  aboutMinimum,
  type Background,
  type Covariance,
  chooseGuidance,
  type DapsOptions,
  type DpsOptions,
  daps,
  diagonal,
  dps,
  drawBackgroundErrors,
  drawnCovariance,
  EnsembleFilter,
  type EnsembleFilterOptions,
  type ErrorDraws,
  GenerativeAssimilator,
  type GenerativeOptions,
  type Gridded,
  type Guidance,
  type GuidanceConfig,
  guidanceNames,
  guidanceSchema,
  isotropic,
  type LatentMapOptions,
  LatentVariational,
  type LatentVariationalOptions,
  type LinearObserved,
  latentCovariance,
  latentMap,
  type MemberSource,
  ModelVariational,
  type ModelVariationalOptions,
  membersFromErrors,
  membersOf,
  mmps,
  type NmcCovariance,
  type NmcOptions,
  nmcCovariance,
  none,
  type Observations,
  type ObservationWindow,
  type Observed,
  type ParticleOptions,
  type PigdmOptions,
  type Plan,
  type PreparedObservations,
  type PrepareOptions,
  particles,
  pigdm,
  prepareObservations,
  type RandomInput,
  recentred,
  repaint,
  type Setting,
  sda,
  WindowVariational,
  type WindowVariationalOptions,
  type WriteAnalysisOptions,
  writeAnalysis,
} from './assimilation/index.ts'
// The atmosphere: channels, grids, normalisation, regridding, balance.
export {
  geostrophicMismatch,
  geostrophicWind,
  type MismatchOptions,
  thermalWind,
  type Wind,
} from './atmosphere/balance.ts'
export { BalanceProgram, type ColumnTensors, type WindTensors } from './atmosphere/balance-program.ts'
export {
  type Channel,
  ChannelSet,
  paperChannels,
  parseChannel,
  speedyChannels,
} from './atmosphere/channels.ts'
export * as constants from './atmosphere/constants.ts'
export { DifferenceProgram } from './atmosphere/difference-program.ts'
export { Differences, type Field, type Parity } from './atmosphere/differences.ts'
export { Grid, type GridKind } from './atmosphere/grid.ts'
export { type Column, hydrostaticMismatch } from './atmosphere/hydrostatic.ts'
export { type Floats, Normaliser } from './atmosphere/normalise.ts'
export { bilinear, conservative, type NanRule, Regridder } from './atmosphere/regrid.ts'
export type { SparseMatrix } from './atmosphere/sparse.ts'
export { type ChannelStatistics, FieldStatistics } from './atmosphere/statistics.ts'
export type { GribParameter } from './atmosphere/variable-table.ts'
export {
  findVariable,
  type Variable as Quantity,
  variableOfGrib2,
  variables,
} from './atmosphere/variables.ts'
// Errors: each names what was wrong, where, and what would be right.
export { AlignDaError, ConfigError, DataError, FormatError, ShapeError } from './base/errors.ts'
// Whole experiments: configuration, training, released models, the demo, the comparison of methods.
export { type Experiment, experimentSchema, loadExperiment } from './experiments/config.ts'
export { demoReport } from './experiments/demo/report.ts'
export { type Demo, type DemoOptions, type DemoResult, runDemo } from './experiments/demo/run.ts'
export { shippedModels, shippedSamples } from './experiments/demo/setting.ts'
export type { DemoScores } from './experiments/demo/verify.ts'
export { type ExportPart, modelParts } from './experiments/models/export.ts'
export {
  type ModelState,
  type OpenForecasterOptions,
  openForecaster,
  openPrior,
  readModelState,
} from './experiments/models.ts'
export { loadOsse, type OsseConfig, osseSchema } from './experiments/osse/config.ts'
export type { CaseResult } from './experiments/osse/results.ts'
export { type OsseOptions, runOsse } from './experiments/osse/run.ts'
export type { CaseScores, Errors as CaseErrors } from './experiments/osse/score.ts'
export {
  modelNames,
  type TrainedModel,
  type TrainModelsOptions,
  trainModels,
} from './experiments/train-models.ts'
// Forecast models: learned, any ONNX file by its descriptor, persistence, climatology.
export { climatology } from './forecast/climatology.ts'
export type { EachStep, Forecaster } from './forecast/forecaster.ts'
export { type ForecastModel, LearnedForecaster, loadForecastModel } from './forecast/learned.ts'
export { OnnxForecaster, type OnnxForecasterOptions } from './forecast/onnx.ts'
export { type FieldTensor, type OnnxDescriptor, readDescriptor } from './forecast/onnx-descriptor.ts'
export { persistence } from './forecast/persistence.ts'
export { type SurrogateContext, type SurrogateSize, seasonOf } from './forecast/surrogate.ts'
export { checkSameWorld, type World } from './forecast/world.ts'
// Gridded data: Zarr and NetCDF, local or over HTTP.
export {
  type AxisSelection,
  type Dataset,
  type DatasetFormat,
  type NumericArray,
  type OpenOptions,
  openDataset,
  type Selection,
  type Slab,
  type Variable,
} from './io/dataset.ts'
export type { AttributeValue } from './io/layout.ts'
export { type ConventionalInfo, readConvinfo } from './io/ncep/convinfo.ts'
// Observations as tables: PrepBUFR, Parquet, CSV, station lists, error tables.
export { type ErrorTable, readErrorTable, type TypeErrors } from './io/ncep/error-table.ts'
export { ObservationBuilder } from './io/observations/builder.ts'
export { writeObservationsCsv } from './io/observations/csv.ts'
export { writeObservationsParquet } from './io/observations/parquet.ts'
export { readStations, type Station } from './io/observations/stations.ts'
export { type ObservationSummary, summarize, type VariableSummary } from './io/observations/summary.ts'
export {
  type ColumnName,
  concat as concatObservations,
  filter as filterObservations,
  type Observation,
  type ObservationTable,
  observationTable,
  row as observationRow,
  take as takeObservations,
} from './io/observations/table.ts'
export type { RowOptions } from './io/prepbufr/rows.ts'
export { readObservations } from './io/read-observations.ts'
export { loadSeries, type Series, type SeriesOptions } from './io/series.ts'
export { openStates, type ReadProgress, type States, type StatesOptions } from './io/states.ts'
export {
  appendStates,
  createStates,
  type StatesFormat,
  type StatesLayout,
  type StatesWriteOptions,
  type StatesWriter,
} from './io/write-states.ts'
// The autoencoder and the prior of its latents.
export { Codec, type LatentModel, loadLatentModel } from './latent/codec.ts'
export { type LatentConfig, type LatentSize, latentSchema } from './latent/config.ts'
// Tensor programs and where they run. All operations are in the namespace `tensor`, layers and training in `nn`.
export * as nn from './nn/index.ts'
// Observation operators, their errors, networks and quality control.
export {
  type BuildOptions,
  type BuiltOperator,
  buildOperator,
  countRejected,
  type RejectedRow,
} from './observation/build.ts'
export { checkQuantity } from './observation/check-quantity.ts'
export {
  type ErrorBlock,
  ErrorCovariance,
  errorCovariance,
  type VerticalCorrelation,
} from './observation/error-covariance.ts'
export {
  constantErrors,
  type ErrorModel,
  firstOf,
  ncepErrors,
  reportedErrors,
  usualErrors,
  withRepresentativeness,
} from './observation/error-models.ts'
export {
  type Interpolated,
  Interpolation,
  type OperatorRejection,
  type Predictor,
  weightedSum,
} from './observation/interpolation.ts'
export {
  columnNetwork,
  elementNetwork,
  nearestColumns,
  type Place,
  placeNetwork,
  randomColumns,
  randomElements,
  soundingStations,
  stationPlaces,
} from './observation/networks.ts'
export { type LinearisedOperator, ObservationOperator, type Recipe } from './observation/operator.ts'
export type { BoxOptions } from './observation/quality/boxes.ts'
export type { BuddyOptions } from './observation/quality/buddy.ts'
export {
  type QualityCount,
  type QualityOptions,
  type QualityResult,
  qualityControl,
} from './observation/quality/control.ts'
export { huber, huberCost, type RobustWeight, varQC } from './observation/quality/robust.ts'
export { type Reason as QualityReason, reasons as qualityReasons } from './observation/quality/screening.ts'
export { type SuperobOptions, type Superobs, superob } from './observation/quality/superob.ts'
export type { ObservedQuantity } from './observation/quantities.ts'
export {
  type DepartureStatistics,
  type RadiosondeReport,
  radiosondeReport,
} from './observation/radiosonde-report.ts'
export { type Simulated, simulate } from './observation/simulate.ts'
export { type SwathOptions, swath } from './observation/swath.ts'
export { type TimeWindow, timeSlots, windowAround } from './observation/window.ts'
export type { Coupling } from './prior/coupling.ts'
export {
  chooseSampler,
  cosine,
  type DdimOptions,
  type Denoiser,
  type DpmSolverOptions,
  ddim,
  dpmSolver,
  type EdmHeunOptions,
  edm,
  edmHeun,
  type Guide,
  type LatentStatistics,
  type Level,
  linear,
  type NoiseSchedule,
  type Prediction,
  type PredictorCorrectorOptions,
  type Prior,
  PriorSampler,
  predictorCorrector,
  type SampleCase,
  type SampleOptions,
  type Sampler,
  type SamplerConfig,
  type SamplerHooks,
  type Samples,
  type SamplingOptions,
  type Spacing,
  type Steering,
  samplerSchema,
  schedules,
  type Target,
} from './prior/index.ts'
export { loadPriorModel, type PriorModel } from './prior/model.ts'
// Random numbers, regenerable by seed, path and element.
export type { Address, Seed, StreamPath } from './random/address.ts'
export { type Stream, stream } from './random/stream.ts'
export type { ChartFrame } from './report/chartFrame.ts'
export type { ContourLayer } from './report/contourLayer.ts'
// Figures and pages.
export {
  type BarChart,
  barChart,
  type RankHistogramChart,
  rankHistogramChart,
  type ScatterChart,
  scatterChart,
} from './report/distributionCharts.ts'
export type { Interpolation as FieldInterpolation, LatLonField } from './report/field.ts'
export { writeFigure } from './report/figureFile.ts'
export { type Block, htmlPage, type Page, type Section } from './report/html.ts'
export {
  type LineChart,
  lineChart,
  type Series as ChartSeries,
  type SpectrumChart,
  spectrumChart,
} from './report/lineChart.ts'
export { type MapFigure, mapFigure } from './report/mapFigure.ts'
export type { Colouring, MapPanel, StationLayer } from './report/mapPanel.ts'
export { type ProfileChart, profileChart } from './report/profileChart.ts'
export {
  type ProjectionName,
  type ProjectionOptions,
  projectionNames,
  type Region,
} from './report/projection.ts'
export type { FieldKind } from './report/quantity.ts'
export type { ScaleOptions } from './report/scale.ts'
export type { Cell as TableCell, Row as TableRow } from './report/table.ts'
export type { WindLayer } from './report/wind.ts'
export * as tensor from './tensor/index.ts'
export {
  compile,
  constant,
  type Device,
  devices,
  type Executable,
  exportOnnx,
  type Feeds,
  grad,
  type HostTensor,
  input,
  jvp,
  type Program,
  Runtime,
  type RuntimeOptions,
  type Tensor,
  type Tensors,
  vjp,
} from './tensor/index.ts'

// Verification: numbers from fields, with intervals.
export { anomalyCorrelation } from './verification/anomaly-correlation.ts'
export type { BalanceScore } from './verification/balance-score.ts'
export { type BootstrapOptions, bootstrap, type Interval } from './verification/bootstrap.ts'
export { crps } from './verification/crps.ts'
export { energyScore } from './verification/energy-score.ts'
export { type GeoScoreOptions, geoScore } from './verification/geo-score.ts'
export { type HydroScoreOptions, hydroScore } from './verification/hydro-score.ts'
export { mae } from './verification/mae.ts'
export { type Metric, metrics, type Sample, score } from './verification/metric.ts'
export { mse } from './verification/mse.ts'
export { rankHistogram, reliabilityIndex } from './verification/rank-histogram.ts'
export { rmse } from './verification/rmse.ts'
export { pointWeights, type Values, type Weights as PointWeights } from './verification/sample.ts'
export { printScores, type ScoreRow, scoresFromJSON, scoresToJSON } from './verification/score-table.ts'
export { zonalSpectrum, zonalWavelength } from './verification/spectrum.ts'
export { type SpreadSkill, spreadSkill, spreadSkillRatio } from './verification/spread-skill.ts'
