import { constant, type DType, type Tensor } from '../../tensor/index.ts'
import { shapeError } from '../../tensor/shape.ts'
import { truncatedNormal } from '../initialisers.ts'
import type { Parameters } from '../parameters.ts'

/** A learned vector for every place, [tokens, width]; added to tokens [batch, tokens, width] by broadcasting. */
export function learnedPosition(p: Parameters, tokens: number, width: number): Tensor {
  return p.get('position', [tokens, width], truncatedNormal(0.02), { decay: false })
}

/**
 * Fixed sines and cosines of the row and the column of a token, [lat * lon, width] (He et al. 2022, MAE): the first
 * half of the width belongs to the row. Width must divide by 4.
 */
export function gridPosition([lat, lon]: readonly [number, number], width: number, dtype?: DType): Tensor {
  if (width % 4) throw shapeError('gridPosition', `width ${width} does not divide by 4`)
  const quarter = width / 4
  const data = new Float64Array(lat * lon * width)
  for (let token = 0; token < lat * lon; token++)
    for (const [part, place] of [Math.floor(token / lon), token % lon].entries())
      for (let i = 0; i < quarter; i++) {
        const angle = place * 10_000 ** (-i / quarter)
        const at = token * width + part * 2 * quarter + i
        data[at] = Math.sin(angle)
        data[at + quarter] = Math.cos(angle)
      }
  return constant(data, { shape: [lat * lon, width], dtype })
}

/**
 * Real spherical harmonics of the places, [places, width], in the order (0, 0), (1, -1), (1, 0), (1, 1), (2, -2) ..
 * (Russwurm et al. 2024): the same across the date line and at the poles. Latitudes and longitudes in degrees, one
 * of each a place; every harmonic has mean square 1 over the sphere.
 */
export function sphericalPosition(
  latitudes: ArrayLike<number>,
  longitudes: ArrayLike<number>,
  width: number,
  dtype?: DType,
): Tensor {
  const places = latitudes.length
  if (longitudes.length !== places)
    throw shapeError('sphericalPosition', `${places} latitudes with ${longitudes.length} longitudes`)
  const data = new Float64Array(places * width)
  const degrees = Math.ceil(Math.sqrt(width))
  for (let i = 0; i < places; i++) {
    const p = legendre(Math.sin((latitudes[i] * Math.PI) / 180), degrees)
    const longitude = (longitudes[i] * Math.PI) / 180
    for (let j = 0; j < width; j++) {
      const l = Math.floor(Math.sqrt(j))
      const m = j - l * l - l
      const zonal = m < 0 ? Math.sin(-m * longitude) : Math.cos(m * longitude)
      data[i * width + j] = p[l][Math.abs(m)] * zonal
    }
  }
  return constant(data, { shape: [places, width], dtype })
}

/** Associated Legendre functions P[l][m](x), l < degrees, scaled so that P cos(m lon) has mean square 1 (Holmes & Featherstone 2002, eq. 11-13). */
function legendre(x: number, degrees: number): number[][] {
  const c = Math.sqrt(Math.max(0, 1 - x * x))
  const p: number[][] = []
  for (let l = 0; l < degrees; l++) {
    p.push(new Array<number>(l + 1).fill(0))
    for (let m = 0; m <= l; m++) {
      if (l === 0) p[l][m] = 1
      else if (m === l)
        p[l][m] = (l === 1 ? Math.sqrt(3) : Math.sqrt((2 * l + 1) / (2 * l))) * c * p[l - 1][l - 1]
      else {
        const a = Math.sqrt(((2 * l - 1) * (2 * l + 1)) / ((l - m) * (l + m)))
        const b = Math.sqrt(((2 * l + 1) * (l + m - 1) * (l - m - 1)) / ((l - m) * (l + m) * (2 * l - 3)))
        p[l][m] = a * x * p[l - 1][m] - (l - m > 1 ? b * p[l - 2][m] : 0)
      }
    }
  }
  return p
}
