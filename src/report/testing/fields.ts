import type { LatLonField } from '../field.ts'

/** A field on an equiangular grid without pole rows, north to south unless `ascending`, from `origin` eastwards. */
export function gridded(
  f: (longitude: number, latitude: number) => number,
  { columns = 64, rows = 32, ascending = false, origin = 0 } = {},
): LatLonField {
  const latitude = Array.from(
    { length: rows },
    (_, i) => (ascending ? -1 : 1) * (90 - ((i + 0.5) * 180) / rows),
  )
  const longitude = Array.from({ length: columns }, (_, j) => origin + (j * 360) / columns)
  const values = Float64Array.from(latitude.flatMap((lat) => longitude.map((lon) => f(lon, lat))))
  return { latitude, longitude, values }
}

export const radians = Math.PI / 180
