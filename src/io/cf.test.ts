import { describe, expect, it } from 'vitest'
import { cfDecoding } from './cf.ts'

describe('CF decoding', () => {
  it('undoes packing in double precision and rounds once', () => {
    const { dtype, packed, apply } = cfDecoding('int16', {
      scale_factor: 0.01,
      add_offset: 273.15,
      _FillValue: -1,
    })
    expect([dtype, packed]).toEqual(['float32', true])
    expect([...apply(Int16Array.of(0, 100, -1))]).toEqual([
      Math.fround(273.15),
      Math.fround(274.15),
      Number.NaN,
    ])
    expect(cfDecoding('int32', { scale_factor: 2 }).dtype).toBe('float64')
  })

  it('leaves what has no packing and no fill value as it is', () => {
    const values = Int32Array.of(1, 2)
    const decoding = cfDecoding('int32', {})
    expect(decoding.dtype).toBe('int32')
    expect(decoding.apply(values)).toBe(values)
  })

  it('turns every kind of missing value into NaN', () => {
    const { apply } = cfDecoding(
      'float32',
      { _FillValue: 1e20, missing_value: [-999, '1e30'] },
      [9.969209968386869e36],
    )
    const given = Float32Array.of(1e20, -999, 1e30, 9.969209968386869e36, 5)
    expect([...apply(given)]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 5])
    const long = cfDecoding('int64', { missing_value: -999 })
    expect(long.dtype).toBe('float64')
    expect([...long.apply(BigInt64Array.of(-999n, 7n))]).toEqual([Number.NaN, 7])
  })

  it("reads xarray's base64 fill values of Zarr v3", () => {
    const encoded = Buffer.from(Float64Array.of(-5).buffer).toString('base64')
    expect([...cfDecoding('float64', { _FillValue: encoded }).apply(Float64Array.of(-5, 5))]).toEqual([
      Number.NaN,
      5,
    ])
    expect(cfDecoding('float32', { _FillValue: 'NaN' }).apply(Float32Array.of(1))[0]).toBe(1)
  })

  it('obeys _Unsigned', () => {
    const { dtype, apply } = cfDecoding('int8', { _Unsigned: 'true', _FillValue: -1, scale_factor: 0.5 })
    expect(dtype).toBe('float32')
    expect([...apply(Int8Array.of(-2, -1, 2))]).toEqual([127, Number.NaN, 1])
    expect([...cfDecoding('int8', { _Unsigned: 'true' }).apply(Int8Array.of(-1))]).toEqual([255])
  })

  it('refuses packing that is no number', () => {
    expect(() => cfDecoding('int16', { scale_factor: 'ten' })).toThrow('scale_factor is ten, not a number')
    expect(cfDecoding('int16', { scale_factor: '0.5' }).apply(Int16Array.of(3))[0]).toBe(1.5)
  })
})
