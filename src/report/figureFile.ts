import { extname } from 'node:path'
import { ConfigError } from '../base/errors.ts'
import { writeFileAtomic } from '../base/files.ts'
import { svgToPng } from './svg.ts'

/**
 * Writes a figure made here as `.png` (`scale` device pixels to a CSS pixel) or `.svg`, by the name's extension.
 * @throws ConfigError for another extension; nothing is written then.
 */
export async function writeFigure(path: string, svg: string, { scale = 2 } = {}): Promise<void> {
  figureFormat(path)
  await writeFileAtomic(path, extname(path).toLowerCase() === '.svg' ? svg : svgToPng(svg, { scale }))
}

/** The format a figure's name asks for. @throws ConfigError for anything but .png and .svg. */
export function figureFormat(path: string): 'png' | 'svg' {
  const extension = extname(path).toLowerCase()
  if (extension !== '.png' && extension !== '.svg')
    throw new ConfigError(
      `${path}: figures are written as .png or .svg${extension ? `, not ${extension}` : ''}`,
    )
  return extension === '.svg' ? 'svg' : 'png'
}
