import { epsilon, g, Rd } from '../atmosphere/constants.ts'
import { type Tensor, where } from '../tensor/index.ts'

/**
 * A non-linear function of model values that is observed, in physical units throughout. The plain form and the tensor
 * form are the same formula; the partial derivatives are those of `value`. `checkQuantity` compares the three.
 */
export interface ObservedQuantity {
  /** Of one observation: p the values of its predictors in the order of the recipe, c the recipe's constant. */
  value(p: readonly number[], c: number): number
  /** d value / d p, as many as there are predictors. */
  partials(p: readonly number[], c: number): number[]
  /** `value` for all observations of the quantity at once: each p [observations, members], c [observations, 1]. */
  tensor(p: readonly Tensor[], c: Tensor): Tensor
}

/** Wind below which the calm is rounded off, m s-1: speed and direction then have finite derivatives at rest. */
const calm = 1e-3

/** sqrt(u^2 + v^2 + calm^2), m s-1 */
export const windSpeed: ObservedQuantity = {
  value: ([u, v]) => speedOf(u, v),
  partials: ([u, v]) => [u / speedOf(u, v), v / speedOf(u, v)],
  tensor: ([u, v]) => speedTensor(u, v),
}

const speedOf = (u: number, v: number) => Math.sqrt(u * u + v * v + calm * calm)
const speedTensor = (u: Tensor, v: Tensor) => u.square().add(v.square()).add(calm * calm).sqrt() // biome-ignore format: a formula

const degrees = 180 / Math.PI

/**
 * The direction the wind blows from, degrees clockwise from north, 0 <= direction < 360: atan2(-u, -v). For x = -v,
 * y = -u it is 2 atan(y / (r + x)) on the half plane x >= 0, and its reflection on the other, so that no difference
 * of nearly equal numbers occurs. Meaningless in a calm, where its derivative, 1 / speed, has no bound.
 */
export const windDirection: ObservedQuantity = {
  value([u, v]) {
    const angle = fold(-u, -v) * degrees
    return angle < 0 ? angle + 360 : angle
  },
  partials([u, v]) {
    const [y, x, r] = [-u, Math.abs(v), speedOf(u, v)]
    const size = (2 * degrees) / ((r + x) ** 2 + y * y)
    const alongY = size * (r + x - (y * y) / r) * (v <= 0 ? 1 : -1)
    return [-alongY, size * y * (1 + x / r)]
  },
  tensor([u, v]) {
    const [y, x] = [u.neg(), v.neg()]
    const front = x.greaterEqual(0)
    const angle = y
      .div(speedTensor(u, v).add(where(front, x, v)))
      .atan()
      .mul(2 * degrees)
    const back = where(y.greaterEqual(0), angle.neg().add(180), angle.neg().sub(180))
    const signed = where(front, angle, back)
    return where(signed.less(0), signed.add(360), signed)
  },
}

function fold(y: number, x: number): number {
  const half = Math.atan(y / (speedOf(y, x) + Math.abs(x)))
  return x >= 0 ? 2 * half : (y >= 0 ? Math.PI : -Math.PI) - 2 * half
}

const vapour = 1 / epsilon - 1

/** T (1 + (1/eps - 1) q) of temperature (K) and specific humidity (kg kg-1). */
export const virtualTemperature: ObservedQuantity = {
  value: ([t, q]) => t * (1 + vapour * q),
  partials: ([t, q]) => [1 + vapour * q, vapour * t],
  tensor: ([t, q]) => t.mul(q.mul(vapour).add(1)),
}

/** Temperature gradient of the standard atmosphere, K m-1 (ICAO Doc 7488). */
const lapse = 6.5e-3
const exponent = g / (Rd * lapse)

/**
 * Pressure (Pa) at a station of height c (m) from mean sea level pressure (Pa) and 2 m temperature (K): the reduction
 * to sea level in a standard lapse rate, turned round, p = msl (1 + L h / T)^(-g / (R_d L)). The temperature is the
 * model's, on the model's ground, so this serves low stations only.
 */
export const stationPressure: ObservedQuantity = {
  value: ([msl, t], h) => msl * Math.exp(-exponent * Math.log(1 + (lapse * h) / t)),
  partials([msl, t], h) {
    const factor = Math.exp(-exponent * Math.log(1 + (lapse * h) / t))
    return [factor, (msl * factor * exponent * lapse * h) / (t * (t + lapse * h))]
  },
  tensor: ([msl, t], h) => msl.mul(h.mul(lapse).div(t).add(1).log().mul(-exponent).exp()),
}
