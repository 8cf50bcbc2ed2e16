/** One look for every figure: quiet ink on white, the data in colour. */
export const theme = {
  /** Shipped with the package, so that a figure looks the same on a machine without fonts. */
  font: 'Source Sans 3',
  /** What a browser may fall back to when it shows an SVG. */
  fontStack: "'Source Sans 3', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif",
  ink: '#1c2733',
  muted: '#5f6c7b',
  faint: '#d5dbe1',
  paper: '#ffffff',
  /** Where a field has no value. */
  missing: '#e3e6ea',
  coast: '#26323d',
  /**
   * Categorical colours for lines and bars, by Okabe and Ito (2008), readable with colour-vision deficiencies;
   * in place of their yellow, too light on white, there is the wine of Tol (2021).
   */
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#4d4d4d', '#882255'],
  size: { title: 19, panel: 14.5, label: 12.5, tick: 11.5, small: 10.5 },
} as const
