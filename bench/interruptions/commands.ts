import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { waveStore } from '../../src/experiments/testing/waves.ts'

/** A command that is interrupted: where it runs, its folder `.` holds all that it writes. */
export interface Command {
  readonly name: string
  readonly args: readonly string[]
  /** Puts what earlier commands made into an empty folder, from those undisturbed. */
  prepare(folder: string, done: (command: string) => string): Promise<void>
  /** Commands that follow without being interrupted. */
  readonly after?: readonly (readonly string[])[]
}

/** Models, data and settings in which each command takes some ten seconds, most of which it computes. */
export async function smallWorld(folder: string, configs: string) {
  const waves = await waveStore()
  const set = (...settings: string[]) => settings.flatMap((s) => ['--set', s])
  const location = waves.store
  const alignment = join(folder, 'alignment.yaml')
  await writeFile(
    alignment,
    stringify({
      data: {
        location,
        preferences: { start: '2000-02-01', end: '2000-02-15' },
        validation: { start: '2000-02-18', end: '2000-02-25' },
      },
      ...{ folder: 'models', run: 'run', dates: 40, candidates: 48, leadHours: 48 },
      sampler: { name: 'dpm-solver++', steps: 20 },
      rewards: [{ name: 'accuracy' }, { name: 'forecast' }],
      rules: { a: { kind: 'ranks', rewards: ['accuracy', 'forecast'], each: 2 } },
      training: {
        ...{ batch: 16, steps: 400, rate: 3e-4, validateEvery: 40, checkpointEvery: 25, patience: 100 },
        best: { score: 'crps', larger: false },
      },
      validation: { dates: 4, members: 8 },
    }),
  )
  const osse = join(folder, 'osse.yaml')
  await writeFile(
    osse,
    stringify({
      data: {
        location,
        training: { start: '2000-01-01', end: '2000-02-10' },
        validation: { start: '2000-02-11', end: '2000-02-19' },
        test: { start: '2000-02-20', end: '2000-02-29' },
      },
      ...{ folder: 'models', models: { base: 'models/prior.safetensors' } },
      ...{ dates: 8, leadHours: 12, densities: [0.1, 0.5], errors: [0, 0.05], members: 4 },
      ...{ sampler: { name: 'dpm-solver++', steps: 6 }, decoderStates: 6, forecastMembers: 1 },
      backgroundErrors: { leads: [2, 3], forecasts: 8 },
      methods: [
        { name: 'background', kind: 'background' },
        { name: 'none', kind: 'none' },
        { name: 'guided', kind: 'guided', guidance: { name: 'latent-map' } },
        { name: '3dvar', kind: '3dvar', members: 1 },
        { name: 'letkf', kind: 'letkf', localisation: 3000, source: 'prior', densities: [0.5] },
      ],
    }),
  )
  const models = (folder: string, done: (command: string) => string) =>
    cp(join(done('train'), 'models'), join(folder, 'models'), { recursive: true })
  const commands: Command[] = [
    {
      name: 'train',
      args: [
        ...['train', 'all', '--config', join(configs, 'tiny.yaml'), '--run', 'run'],
        ...set(`data.location=${location}`, 'models=models', 'forecast.steps=600', 'latent.steps=200'),
        ...set('prior.steps=400', 'forecast.rollout.steps=100'),
      ],
      prepare: async () => {},
    },
    {
      name: 'align candidates',
      args: ['align', 'candidates', '--config', alignment],
      prepare: models,
      after: [['align', 'pairs', '--config', alignment]],
    },
    {
      name: 'align train',
      args: ['align', 'train', '--config', alignment],
      prepare: (folder, done) => cp(done('align candidates'), folder, { recursive: true }),
    },
    {
      name: 'evaluate',
      args: ['evaluate', '--config', osse, '--run', 'run', '--out', 'out'],
      prepare: models,
    },
    {
      name: 'evaluate, 2 processes',
      args: ['evaluate', '--config', osse, '--run', 'run', '--out', 'out', '--processes', '2'],
      prepare: models,
    },
    {
      name: 'demo',
      args: ['demo', '--members', '2', '--steps', '2', '--out', 'demo'],
      prepare: async () => {},
    },
  ]
  return { commands, remove: waves.remove }
}

/** An empty folder with what a command needs. */
export async function prepared(command: Command, folder: string, done: (command: string) => string) {
  await mkdir(folder, { recursive: true })
  await command.prepare(folder, done)
  return folder
}
