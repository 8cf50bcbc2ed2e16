/**
 * Discrete Fourier transform sum_j f_j exp(-2 pi i j k / n) of real values of any length n, by splitting off
 * one prime factor at a time (Cooley-Tukey, mixed radix; a prime length costs n^2). Returns [real,
 * imaginary], each [n].
 */
export function fourier(values: ArrayLike<number>): [Float64Array, Float64Array] {
  const n = values.length
  const real = new Float64Array(n)
  const imaginary = new Float64Array(n)
  const cosine = Float64Array.from({ length: n }, (_, k) => Math.cos((2 * Math.PI * k) / n))
  const sine = Float64Array.from({ length: n }, (_, k) => -Math.sin((2 * Math.PI * k) / n))
  const scratchReal = new Float64Array(n)
  const scratchImaginary = new Float64Array(n)
  /** Transforms values[start + j stride], j < length, into [out, out + length). */
  const transform = (start: number, stride: number, length: number, out: number) => {
    if (length === 1) {
      real[out] = values[start]
      imaginary[out] = 0
      return
    }
    const radix = smallestFactor(length)
    const part = length / radix
    for (let r = 0; r < radix; r++) transform(start + r * stride, stride * radix, part, out + r * part)
    const turn = n / length
    for (let k = 0; k < length; k++) {
      let a = 0
      let b = 0
      for (let r = 0; r < radix; r++) {
        const from = out + r * part + (k % part)
        const angle = ((r * k) % length) * turn
        a += real[from] * cosine[angle] - imaginary[from] * sine[angle]
        b += real[from] * sine[angle] + imaginary[from] * cosine[angle]
      }
      scratchReal[k] = a
      scratchImaginary[k] = b
    }
    real.set(scratchReal.subarray(0, length), out)
    imaginary.set(scratchImaginary.subarray(0, length), out)
  }
  if (n > 0) transform(0, 1, n, 0)
  return [real, imaginary]
}

function smallestFactor(n: number): number {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p
  return n
}
