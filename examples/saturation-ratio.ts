/** An observed quantity of one's own: the ratio of specific humidity to its value at saturation, about 0 to 1. */
import { constants, type ObservedQuantity } from 'align-da'

// Of temperature t (K) and specific humidity q (kg kg-1) at a pressure p (Pa), the recipe's constant: q p / (eps e_s),
// with the saturation vapour pressure (Pa) of Bolton (1980), Mon. Weather Rev. 108, eq. 10.
const saturation = (t: number) => 611.2 * Math.exp(17.67 - (17.67 * 243.5) / (t - 29.65))
const value = (t: number, q: number, p: number) => (q * p) / (constants.epsilon * saturation(t))

export const saturationRatio: ObservedQuantity = {
  value: ([t, q], p) => value(t, q, p),
  partials: ([t, q], p) => [-value(t, q, p) * ((17.67 * 243.5) / (t - 29.65) ** 2), value(t, 1, p)],
  tensor([t, q], p) {
    const inverse = t
      .sub(29.65)
      .reciprocal()
      .mul(17.67 * 243.5)
      .sub(17.67)
      .exp()
    return q
      .mul(p)
      .mul(inverse)
      .div(611.2 * constants.epsilon)
  },
}
