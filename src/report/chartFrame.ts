/** What all charts share. Sizes are in CSS pixels. */
export interface ChartFrame {
  /** Above the chart, in bold. */
  readonly title?: string
  /** Below the title, in grey. */
  readonly subtitle?: string
  /** Of the whole figure. */
  readonly width?: number
  /** Of the drawing, without title and legend. */
  readonly height?: number
}
