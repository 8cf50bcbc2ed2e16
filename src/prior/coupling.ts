import { gaspariCohn } from '../atmosphere/gaspari-cohn.ts'
import { ConfigError, DataError } from '../base/errors.ts'
import { fromFloat16, toFloat16 } from '../base/float16.ts'

/**
 * How increments that are white within a position and uncorrelated by axis hang together over the globe: covariances
 * that are the same at every longitude, so diagonal in zonal wavenumber q, with a matrix of axes and rows for each.
 */
export interface Coupling {
  /** Leading axes of every row that are coupled with one another and with those of other rows. */
  readonly axes: number
  /**
   * Lower triangles of L_q, L_q L_q* the Hermitian covariance of the coupled axes at wavenumber q, in the order
   * axis * rows + row: [w / 2 + 1, n (n + 1) / 2, 2], real and imaginary parts, n = axes * rows.
   */
  readonly coupled: Float32Array
  /** Standard deviations of the other axes at wavenumber q, [w / 2 + 1, d - axes, rows]. */
  readonly rest: Float32Array
}

export interface CouplingOptions {
  /** Axes of a position that are coupled, the leading ones. */
  axes: number
  /** Half the distance (km) beyond which nothing is believed to be correlated. */
  localisation: number
  /** Latitude of each row, degrees. */
  latitudes: ArrayLike<number>
}

const radius = 6371
/** Share of white noise in every covariance, so that what the sample does not hold is not thought impossible. */
const white = 0.01

/**
 * The coupling of samples a [samples, d, h, w] of mean zero, localised: a sample of a few hundred weather situations
 * has spurious correlations with far places, which the taper of Gaspari & Cohn (1999) over the distance through the
 * Earth takes away; its product with a covariance is a covariance (Houtekamer & Mitchell 2001). Rounded to float16,
 * as it is stored.
 * @throws DataError for samples that are no whole number of [d, h, w]
 * @throws ConfigError for more axes than there are
 */
export function coupling(
  samples: Float32Array,
  [d, h, w]: readonly [number, number, number],
  { axes, localisation, latitudes }: CouplingOptions,
): Coupling {
  const count = samples.length / (d * h * w)
  if (!Number.isInteger(count) || count < 2)
    throw new DataError(`${samples.length} values are no samples of latents ${d} x ${h} x ${w}`)
  if (axes > d) throw new ConfigError(`${axes} coupled axes of latents with ${d} channels`)
  const waves = Math.floor(w / 2) + 1
  const n = axes * h
  const spectra = transform(samples, [d, h, w], count)
  const taper = tapers(latitudes, w, localisation)
  const packed = (n * (n + 1)) / 2
  // Covariances by wavenumber, then by the distance in columns, tapered, and back.
  const [real, imaginary] = [0, 1].map(() => Array.from({ length: waves }, () => new Float32Array(packed)))
  for (let q = 0; q < waves; q++) {
    const { re, im } = spectra[q]
    for (let i = 0, at = 0; i < n; i++)
      for (let j = 0; j <= i; j++, at++) {
        let [x, y] = [0, 0]
        for (let s = 0, a = i * count, b = j * count; s < count; s++, a++, b++) {
          x += re[a] * re[b] + im[a] * im[b]
          y += im[a] * re[b] - re[a] * im[b]
        }
        real[q][at] = x / count
        imaginary[q][at] = y / count
      }
  }
  taperWaves(real, imaginary, n, h, w, taper)
  const coupled = new Float32Array(waves * packed * 2)
  for (let q = 0; q < waves; q++) coupled.set(cholesky(real[q], imaginary[q], n), q * packed * 2)
  const rest = new Float32Array(waves * (d - axes) * h)
  for (let q = 0; q < waves; q++)
    for (let i = n; i < d * h; i++) {
      let sum = 0
      for (let s = 0, a = i * count; s < count; s++, a++) sum += spectra[q].re[a] ** 2 + spectra[q].im[a] ** 2
      rest[q * (d * h - n) + i - n] = Math.sqrt((1 - white) * (sum / count) + white)
    }
  const rounded = (x: Float32Array) => fromFloat16(toFloat16(x))
  return { axes, coupled: rounded(coupled), rest: rounded(rest) }
}

interface Spectrum {
  /** [d * h, samples] */
  readonly re: Float32Array
  readonly im: Float32Array
}

/** Fourier coefficients of every row at wavenumbers 0 .. w / 2, of mean square 1 for white noise of variance 1. */
function transform(samples: Float32Array, [d, h, w]: readonly number[], count: number): Spectrum[] {
  const waves = Math.floor(w / 2) + 1
  const angle = (k: number) => (2 * Math.PI * (k % w)) / w
  return Array.from({ length: waves }, (_, q) => {
    const cos = Float64Array.from({ length: w }, (_, k) => Math.cos(angle(q * k)) / Math.sqrt(w))
    const sin = Float64Array.from({ length: w }, (_, k) => Math.sin(angle(q * k)) / Math.sqrt(w))
    const [re, im] = [new Float32Array(d * h * count), new Float32Array(d * h * count)]
    for (let s = 0; s < count; s++)
      for (let i = 0; i < d * h; i++) {
        let [x, y] = [0, 0]
        for (let k = 0, at = (s * d * h + i) * w; k < w; k++, at++) {
          x += samples[at] * cos[k]
          y -= samples[at] * sin[k]
        }
        re[i * count + s] = x
        im[i * count + s] = y
      }
    return { re, im }
  })
}

/** The taper of two rows some columns apart, [h, h, w]. */
function tapers(latitudes: ArrayLike<number>, w: number, localisation: number): Float64Array {
  const h = latitudes.length
  const taper = gaspariCohn(localisation)
  const out = new Float64Array(h * h * w)
  const point = (latitude: number, longitude: number) => {
    const [a, b] = [latitude, longitude].map((x) => (x * Math.PI) / 180)
    return [Math.cos(a) * Math.cos(b), Math.cos(a) * Math.sin(b), Math.sin(a)]
  }
  for (let i = 0; i < h; i++)
    for (let j = 0; j < h; j++)
      for (let k = 0; k < w; k++) {
        const [a, b] = [point(latitudes[i], (360 * k) / w), point(latitudes[j], 0)]
        out[(i * h + j) * w + k] = taper(radius * Math.hypot(...a.map((x, c) => x - b[c])))
      }
  return out
}

/** Multiplies covariances, given by wavenumber, with a taper of the distance in columns, in place. */
function taperWaves(
  real: Float32Array[],
  imaginary: Float32Array[],
  n: number,
  h: number,
  w: number,
  taper: Float64Array,
) {
  const waves = real.length
  const lags = new Float64Array(w)
  const angle = (k: number) => (2 * Math.PI * (((k % w) + w) % w)) / w
  const [cos, sin] = [Math.cos, Math.sin].map((f) => Float64Array.from({ length: w }, (_, k) => f(angle(k))))
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j <= i; j++, at++) {
      const rows = ((i % h) * h + (j % h)) * w
      for (let k = 0; k < w; k++) {
        let sum = 0
        for (let q = 0; q < waves; q++) {
          const share = q === 0 || 2 * q === w ? 1 : 2
          const p = (q * k) % w
          sum += share * (real[q][at] * cos[p] - imaginary[q][at] * sin[p])
        }
        lags[k] = (sum / w) * taper[rows + k]
      }
      for (let q = 0; q < waves; q++) {
        let [x, y] = [0, 0]
        for (let k = 0; k < w; k++) {
          const p = (q * k) % w
          x += lags[k] * cos[p]
          y -= lags[k] * sin[p]
        }
        real[q][at] = x
        imaginary[q][at] = q === 0 || 2 * q === w ? 0 : y
      }
    }
}

/** L of L L* = (1 - white) C + white I for a packed Hermitian C: packed, real and imaginary parts in turn. */
function cholesky(real: Float32Array, imaginary: Float32Array, n: number): Float32Array {
  const [re, im] = [new Float64Array(n * n), new Float64Array(n * n)]
  const out = new Float32Array(n * (n + 1))
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j <= i; j++, at++) {
      let x = (1 - white) * real[at] + (i === j ? white : 0)
      let y = (1 - white) * imaginary[at]
      for (let k = 0, a = i * n, b = j * n; k < j; k++, a++, b++) {
        x -= re[a] * re[b] + im[a] * im[b]
        y -= im[a] * re[b] - re[a] * im[b]
      }
      if (i === j) {
        if (!(x > 0)) throw new DataError(`increments are linearly dependent at coupled axis ${i} of ${n}`)
        re[i * n + i] = Math.sqrt(x)
      } else {
        re[i * n + j] = x / re[j * n + j]
        im[i * n + j] = y / re[j * n + j]
      }
      out[2 * at] = re[i * n + j]
      out[2 * at + 1] = im[i * n + j]
    }
  return out
}
