import { readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { httpsForm } from './address.ts'
import { openDataset } from './dataset.ts'
import { openStates } from './states.ts'

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url))
let server: Server | undefined

/** Serves the fixtures with byte ranges; `fault` may answer in another way (and then returns true). */
async function serve(
  fault: (request: IncomingMessage, response: ServerResponse, times: number) => boolean = () => false,
) {
  const seen = new Map<string, number>()
  const log: string[] = []
  server = createServer((request, response) => {
    const url = request.url!
    seen.set(url, (seen.get(url) ?? 0) + 1)
    log.push(url)
    if (fault(request, response, seen.get(url)!)) return
    try {
      const path = fixtures + decodeURIComponent(url.slice(1))
      if (!statSync(path).isFile()) throw new Error('a folder')
      sendFile(readFileSync(path), request, response)
    } catch {
      response.writeHead(404).end('not here')
    }
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, log }
}

function isFixture(url: string): boolean {
  try {
    return statSync(fixtures + url.slice(1)).isFile()
  } catch {
    return false
  }
}

function sendFile(bytes: Buffer, request: IncomingMessage, response: ServerResponse) {
  const range = /^bytes=(\d+)-(\d+)$|^bytes=-(\d+)$/.exec(request.headers.range ?? '')
  if (!range) return response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  const from = range[3] ? Math.max(0, bytes.length - Number(range[3])) : Number(range[1])
  const to = range[3] ? bytes.length : Math.min(Number(range[2]) + 1, bytes.length)
  if (from >= bytes.length)
    return response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
  const headers = { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}`, 'content-length': to - from }
  return response.writeHead(206, headers).end(bytes.subarray(from, to))
}

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function temperature(location: string, options = {}) {
  const dataset = await openDataset(location, options)
  const { data } = await dataset.variables.get('temperature')!.read()
  await dataset.close()
  return data
}

const isChunk = (request: IncomingMessage) => /temperature\/[\d.]+$/.test(request.url!)

describe('a store over HTTP', () => {
  it('reads as from the disk, and fetches only the chunks asked for', async () => {
    const { base, log } = await serve()
    const local = await openDataset(`${fixtures}v2.zarr`)
    const remote = await openDataset(`${base}/v2.zarr`)
    expect(log).toEqual(['/v2.zarr/.zmetadata'])
    const pick = { time: 3, level: [1, 2] } as const
    const there = await remote.variables.get('temperature')!.read(pick)
    expect(there).toEqual(await local.variables.get('temperature')!.read(pick))
    expect(log.filter((url) => url.includes('temperature'))).toEqual(['/v2.zarr/temperature/1.0.0.0'])
    await remote.variables.get('temperature')!.read({ time: 2 })
    expect(log.filter((url) => url.includes('temperature'))).toHaveLength(1)
  })

  it('finds its axes by name: time, level, latitude descending, longitude', async () => {
    const { base } = await serve()
    const states = await openStates(`${base}/v2.zarr`)
    expect(states.channels.names).toEqual(['u10', 't300', 't500', 't850'])
    expect([...states.grid.latitude]).toEqual([67.5, 22.5, -22.5, -67.5])
    const t = await temperature(`${fixtures}v2.zarr`)
    const state = await states.read(2)
    expect([...state.subarray(32)]).toEqual([...t.subarray(2 * 96, 3 * 96)])
    await states.close()
  })

  it.each(['v3.zarr', 'codecs.zarr'])('%s decodes in worker threads as on this one', async (name) => {
    const { base } = await serve()
    const [here, threads] = [
      await openDataset(fixtures + name, { workers: 0 }),
      await openDataset(`${base}/${name}`, { workers: 2 }),
    ]
    for (const [key, variable] of here.variables)
      expect(await threads.variables.get(key)!.read(), key).toEqual(await variable.read())
  })

  it.each(['classic.nc', 'nc4.nc'])('%s is read with byte ranges', async (name) => {
    const { base } = await serve()
    const [here, there] = [await openDataset(fixtures + name), await openDataset(`${base}/${name}`)]
    expect(there.format).toBe(here.format)
    const read = (d: typeof here) => d.variables.get('packed')!.read({ time: [1, 3] })
    expect(await read(there)).toEqual(await read(here))
    await there.close()
  })

  it.each(['v3.zarr', 'nc4.nc'])('%s opens where absent keys are answered with 403', async (name) => {
    const { base } = await serve((request, response) => {
      if (isFixture(request.url!)) return false
      response.writeHead(403).end()
      return true
    })
    const dataset = await openDataset(`${base}/${name}`)
    expect(dataset.variables.size).toBeGreaterThan(0)
    await dataset.close()
    await expect(openDataset(`${base}/nothing.zarr`)).rejects.toThrow(
      'nothing.zarr: access is forbidden (403)',
    )
  })

  it('follows redirects', async () => {
    const { base } = await serve((request, response) => {
      if (!request.url!.startsWith('/moved/')) return false
      response.writeHead(302, { location: request.url!.replace('/moved/', '/v2.zarr/') }).end()
      return true
    })
    expect(await temperature(`${base}/moved`)).toEqual(await temperature(`${fixtures}v2.zarr`))
  })
})

describe('a server that fails at first', () => {
  const faults: Record<string, (response: ServerResponse) => void> = {
    'stalls before it answers': () => {},
    'stalls in the middle': (response) =>
      void response.writeHead(200, { 'content-length': 500 }).write('abc'),
    'drops the connection in the middle': (response) => {
      response.writeHead(200, { 'content-length': 500 }).write('abc')
      setTimeout(() => response.destroy(), 20)
    },
    'answers 503': (response) => void response.writeHead(503).end(),
    'answers 429': (response) => void response.writeHead(429).end(),
  }
  it.each(Object.keys(faults))('%s is asked again', async (name) => {
    const { base } = await serve((request, response, times) => {
      if (!isChunk(request) || times > 1) return false
      faults[name](response)
      return true
    })
    const options = { timeout: 250, retries: 2 }
    expect(await temperature(`${base}/v2.zarr`, options)).toEqual(await temperature(`${fixtures}v2.zarr`))
  })
})

describe('a server that goes on failing', () => {
  const cases: [string, (request: IncomingMessage, response: ServerResponse) => void, RegExp][] = [
    ['stalls', () => {}, /temperature\/0\.0\.0\.0: no answer for 0\.1 s after 2 attempts/],
    [
      'answers 403',
      (_, response) => void response.writeHead(403).end(),
      /temperature\/0\.0\.0\.0.*forbidden \(403\)/,
    ],
    ['answers 500', (_, response) => void response.writeHead(500).end(), /answers 500 after 2 attempts/],
    [
      'answers 404',
      (_, response) => void response.writeHead(404).end(),
      /temperature\/0\.0\.0\.0 is missing/,
    ],
    [
      'sends rubbish',
      (_, response) => void response.writeHead(200).end('rubbish rubbish rubbish'),
      /temperature, chunk 0\.0\.0\.0 is damaged/,
    ],
  ]
  it.each(cases)('%s: the error says what and where', async (_name, fault, message) => {
    const { base } = await serve((request, response) => {
      if (!request.url!.endsWith('temperature/0.0.0.0')) return false
      fault(request, response)
      return true
    })
    await expect(temperature(`${base}/v2.zarr`, { timeout: 100, retries: 1 })).rejects.toThrow(message)
  })

  it('answers 416 for a file that became shorter', async () => {
    const { base } = await serve((request, response, times) => {
      if (times < 4) return false
      sendFile(readFileSync(`${fixtures}classic.nc`).subarray(0, 100), request, response)
      return true
    })
    const dataset = await openDataset(`${base}/classic.nc`)
    await expect(dataset.variables.get('packed')!.read()).rejects.toThrow('(416)')
  })

  it('is not there at all', async () => {
    const { base } = await serve()
    await expect(openDataset(`${base}/nothing.zarr`)).rejects.toThrow('nothing.zarr does not exist')
    await expect(openDataset('http://127.0.0.1:1/x.zarr', { retries: 0 })).rejects.toThrow(/127\.0\.0\.1:1/)
  })
})

describe('public addresses', () => {
  it('have an HTTPS form', () => {
    const wb2 = 'gs://weatherbench2/datasets/era5/1959-2023_01_10-6h-64x32_equiangular_conservative.zarr/'
    expect(httpsForm(wb2)).toBe(
      'https://storage.googleapis.com/weatherbench2/datasets/era5/1959-2023_01_10-6h-64x32_equiangular_conservative.zarr',
    )
    expect(httpsForm('s3://era5-pds/a b/c')).toBe('https://era5-pds.s3.amazonaws.com/a%20b/c')
    expect(httpsForm('s3://with.dot/c')).toBe('https://s3.amazonaws.com/with.dot/c')
    expect(httpsForm('https://x.org/a/')).toBe('https://x.org/a')
  })
})
