/** A step of a tutorial: commands to run, or a file to write first. */
export type Step =
  | { readonly kind: 'commands'; readonly text: string; readonly line: number }
  | { readonly kind: 'file'; readonly name: string; readonly text: string; readonly line: number }

/** The steps of a page in order: fences of `sh` are run, fences with a name in brackets are written as files. */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = []
  for (const match of page.matchAll(/^```(\w+)(?: \[([^\]\n]+)\])?\n([\s\S]*?)^```$/gm)) {
    const [, language, name, text] = match
    const line = page.slice(0, match.index).split('\n').length
    if (name) steps.push({ kind: 'file', name, text, line })
    else if (language === 'sh') steps.push({ kind: 'commands', text, line })
  }
  return steps
}

/**
 * Commands with the variables of `given` as the environment has them: lines that assign to one of these are left out.
 * Empty where the commands use one that is given as undefined, which stands for data that is not here.
 */
export function withGiven(text: string, given: Readonly<Record<string, string | undefined>>): string {
  const names = Object.keys(given)
  if (names.some((name) => given[name] === undefined && text.includes(`$${name}`))) return ''
  return text
    .split('\n')
    .filter((line) => !names.some((name) => line.startsWith(`${name}=`)))
    .join('\n')
}
