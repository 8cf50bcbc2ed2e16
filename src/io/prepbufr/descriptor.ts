/**
 * A BUFR descriptor F-X-Y as the 16-bit number it is in the file: F (2 bits) 0 element, 1 replication, 2 operator,
 * 3 sequence; X (6 bits); Y (8 bits).
 */
export type Descriptor = number

export const descriptor = (f: number, x: number, y: number): Descriptor => (f << 14) | (x << 8) | y

export const fOf = (d: Descriptor): number => d >>> 14
export const xOf = (d: Descriptor): number => (d >>> 8) & 63
export const yOf = (d: Descriptor): number => d & 255

/** From six digits, as in the dictionary messages and in every table: '348001'. NaN when it is not one. */
export function parseDescriptor(digits: string): Descriptor {
  if (!/^[0-3]\d{5}$/.test(digits)) return Number.NaN
  const [f, x, y] = [Number(digits[0]), Number(digits.slice(1, 3)), Number(digits.slice(3))]
  return x > 63 || y > 255 ? Number.NaN : descriptor(f, x, y)
}

/** Six digits, the way descriptors are written in tables and messages. */
export function formatDescriptor(d: Descriptor): string {
  return `${fOf(d)}${String(xOf(d)).padStart(2, '0')}${String(yOf(d)).padStart(3, '0')}`
}
