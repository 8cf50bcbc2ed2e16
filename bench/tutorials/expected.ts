/** The numbers in the groups of an expression, from what a page printed. */
function numbers(output: string, expression: RegExp): number[] {
  const found = expression.exec(output)
  if (!found) throw new Error(`nothing printed matches ${expression}`)
  return found.slice(1).map(Number)
}

/** What the output of a page must show; the pages themselves print numbers and leave judging to the reader. */
export const expected: Readonly<Record<string, (output: string) => boolean>> = {
  'onnx-forecaster.md': (output) => numbers(output, /differs by at most ([\d.e-]+)/)[0] < 1,
  'own-background-and-observations.md': (output) => {
    const [background, analysis] = numbers(output, /^z500 +m2 s-2 +([\d.]+) +([\d.]+)/m)
    return analysis < background
  },
  'own-guidance.md': (output) => {
    const [none] = numbers(output, /^none +MSE of the mean ([\d.]+)/m)
    const [steepest] = numbers(output, /^steepest +MSE of the mean ([\d.]+)/m)
    return steepest < none
  },
  'own-reward.md': (output) => {
    const [tropics, elsewhere] = numbers(output, /^wind +tropics ([\d.-]+) %, elsewhere ([\d.-]+) %/m)
    return tropics < elsewhere
  },
}
