/**
 * The protobuf wire format, as far as ONNX needs it: varints, 32-bit floats and length-delimited fields
 * (protobuf.dev/programming-guides/encoding). A message is a list of chunks, joined once at the end, so that large
 * tensors are copied a single time.
 */
export class Message {
  private readonly chunks: Uint8Array[] = []
  private length = 0

  /** A varint field; negative numbers as 64-bit two's complement. */
  int(field: number, value: number | bigint): this {
    return this.push(varint(BigInt(field) << 3n)).push(varint(BigInt.asUintN(64, BigInt(value))))
  }

  float(field: number, value: number): this {
    return this.push(varint((BigInt(field) << 3n) | 5n)).push(
      new Uint8Array(new Float32Array([value]).buffer),
    )
  }

  bytes(field: number, value: Uint8Array | string | Message): this {
    this.push(varint((BigInt(field) << 3n) | 2n))
    if (value instanceof Message) {
      this.push(varint(BigInt(value.length)))
      for (const chunk of value.chunks) this.push(chunk)
      return this
    }
    const data = typeof value === 'string' ? new TextEncoder().encode(value) : value
    return this.push(varint(BigInt(data.length))).push(data)
  }

  /** Repeated integers, packed. */
  ints(field: number, values: readonly (number | bigint)[]): this {
    const packed = new Message()
    for (const v of values) packed.push(varint(BigInt.asUintN(64, BigInt(v))))
    return this.bytes(field, packed)
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length)
    let offset = 0
    for (const chunk of this.chunks) {
      out.set(chunk, offset)
      offset += chunk.length
    }
    return out
  }

  private push(chunk: Uint8Array): this {
    this.chunks.push(chunk)
    this.length += chunk.length
    return this
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
