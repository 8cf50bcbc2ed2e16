/** The fields of one line of CSV (RFC 4180, no line breaks inside fields); undefined when a quote is not closed. */
export function parseCsvLine(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',')
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (line[at] === '"') {
      let text = ''
      for (;;) {
        const close = line.indexOf('"', at + 1)
        if (close < 0) return undefined
        text += line.slice(at + 1, close)
        at = close
        if (line[close + 1] !== '"') break
        text += '"'
        at = close + 1
      }
      const comma = line.indexOf(',', at)
      fields.push(text + line.slice(at + 1, comma < 0 ? undefined : comma))
      if (comma < 0) return fields
      at = comma + 1
    } else {
      const comma = line.indexOf(',', at)
      fields.push(line.slice(at, comma < 0 ? undefined : comma))
      if (comma < 0) return fields
      at = comma + 1
    }
  }
}

/** A field as it is written: quoted where it has to be. */
export function quote(field: string): string {
  return /[",\r\n]|^#|^\s|\s$/.test(field)
    ? `"${field.replaceAll('"', '""').replace(/[\r\n]+/g, ' ')}"`
    : field
}
