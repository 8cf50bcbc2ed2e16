/**
 * Nodes (sines of Gaussian latitudes, descending from the north) and weights (sum 2) of n-point
 * Gauss-Legendre quadrature, by Newton's iteration on P_n with the recurrence of Abramowitz & Stegun 22.7.10.
 */
export function gaussLegendre(n: number): { nodes: Float64Array; weights: Float64Array } {
  const nodes = new Float64Array(n)
  const weights = new Float64Array(n)
  for (let i = 0; i < Math.ceil(n / 2); i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let derivative = 0
    for (let iteration = 0; iteration < 100; iteration++) {
      let previous = 1
      let current = x
      for (let k = 2; k <= n; k++) {
        const next = ((2 * k - 1) * x * current - (k - 1) * previous) / k
        previous = current
        current = next
      }
      derivative = (n * (x * current - previous)) / (x * x - 1)
      const step = current / derivative
      x -= step
      if (Math.abs(step) < 1e-15) break
    }
    if (n % 2 === 1 && i === (n - 1) / 2) x = 0
    nodes[i] = x
    nodes[n - 1 - i] = -x
    weights[i] = weights[n - 1 - i] = 2 / ((1 - x * x) * derivative * derivative)
  }
  return { nodes, weights }
}
