/** The part of d3-geo-projection 4 that is used here; the package has no types of its own. */
declare module 'd3-geo-projection' {
  import type { GeoProjection } from 'd3-geo'
  export function geoRobinson(): GeoProjection
}
