import { type Tensor, where } from '../../tensor/index.ts'

/**
 * Weights of normalised departures d = (y - H x) / sigma in place of rejection: an observation of weight w acts as if
 * its error were sigma / sqrt(w).
 */
export type RobustWeight = (d: number) => number

/**
 * Huber's norm: quadratic up to k, linear beyond; w = min(1, k / |d|). Huber (1964), Ann. Math. Statist. 35, 73-101;
 * Tavolato & Isaksen (2015), Q. J. R. Meteorol. Soc. 141, in ECMWF's 4D-Var.
 */
export function huber(k = 1.5): RobustWeight {
  return (d) => Math.min(1, k / Math.abs(d))
}

/**
 * Variational quality control: with prior probability A a gross error, uniform over 2 `width` standard deviations;
 * w = 1 - gamma / (gamma + exp(-d^2 / 2)), gamma = A sqrt(2 pi) / ((1 - A) 2 width). Andersson & Jarvinen (1999),
 * Q. J. R. Meteorol. Soc. 125, eq. 14.
 */
export function varQC(probability = 0.01, width = 5): RobustWeight {
  const gamma = (probability * Math.sqrt(2 * Math.PI)) / ((1 - probability) * 2 * width)
  return (d) => 1 - gamma / (gamma + Math.exp((-d * d) / 2))
}

/** Huber's cost of each normalised departure in a program: d^2 / 2 up to k, k |d| - k^2 / 2 beyond. */
export function huberCost(d: Tensor, k = 1.5): Tensor {
  const size = d.abs()
  return where(size.lessEqual(k), d.square().mul(0.5), size.mul(k).sub((k * k) / 2))
}
