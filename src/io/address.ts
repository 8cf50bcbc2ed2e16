/** Whether a location is an address on the network rather than a path. */
export function isRemote(location: string): boolean {
  return /^(https?|gs|s3):\/\//i.test(location)
}

/**
 * The HTTPS form of a public address: `gs://bucket/key` on storage.googleapis.com, `s3://bucket/key` on
 * amazonaws.com; `http(s)://` unchanged. Trailing slashes are dropped.
 */
export function httpsForm(location: string): string {
  const trimmed = location.replace(/\/+$/, '')
  const bucket = /^(gs|s3):\/\/([^/]+)\/?(.*)$/i.exec(trimmed)
  if (!bucket) return trimmed
  const [, scheme, name, key] = bucket
  const path = key.split('/').map(encodeURIComponent).join('/')
  if (scheme.toLowerCase() === 'gs') return `https://storage.googleapis.com/${name}/${path}`
  // A bucket with a dot in its name has no valid certificate as a host name: it goes into the path.
  return name.includes('.')
    ? `https://s3.amazonaws.com/${name}/${path}`
    : `https://${name}.s3.amazonaws.com/${path}`
}
