/** What figures and tables call a method of the released comparisons, in the order they list it; other names stand for themselves. */
export const methodNames: Readonly<Record<string, string>> = {
  background: 'background',
  none: 'prior without observations',
  'latent-map': 'latent MAP',
  dps: 'DPS',
  repaint: 'Repaint',
  'l3dvar-coupled': "latent 3D-Var, prior's covariance",
  l3dvar: 'latent 3D-Var',
  '3dvar': '3D-Var',
  '3dvar-filtered': '3D-Var, filtered background',
  letkf: 'LETKF',
}

/** A method, and the prior it was run with where there are several. */
export const methodName = (method: string, model?: string) =>
  `${methodNames[method] ?? method}${model === undefined ? '' : `, ${model}`}`

/** Known methods in the order of `methodNames`, others after them as they come. */
export function inOrder<T extends { readonly method: string }>(rows: readonly T[]): T[] {
  const order = Object.keys(methodNames)
  const place = ({ method }: T) => (order.indexOf(method) + order.length + 1) % (order.length + 1)
  return rows.toSorted((a, b) => place(a) - place(b))
}
