import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const docs = fileURLToPath(new URL('..', import.meta.url))
const there = (items: { text: string; link: string }[]) => items.filter(({ link }) => existsSync(`${docs}${link}.md`))

export default defineConfig({
  title: 'align-da',
  description: 'Generative data assimilation in TypeScript',
  // The folder of the web server that the site is put in, with slashes at both ends.
  base: process.env.DOCS_BASE ?? '/',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.DOCS_BASE ?? '/'}favicon.svg` }]],
  cleanUrls: false,
  // Files of the repository and of the API reference lie beside the pages, not among them.
  ignoreDeadLinks: [/^\/api\//, /\.\.\//, /\/api\/index/],
  srcExclude: ['method-table.md', 'checks-table.md', 'reproduce-times.md', 'api/**'],
  markdown: {
    // A block with a name in brackets is a file: the name stands above it.
    config(md) {
      const fence = md.renderer.rules.fence
      md.renderer.rules.fence = (tokens, i, ...rest) => {
        const name = /\[([^\]]+)\]$/.exec(tokens[i].info)?.[1]
        const title = name ? `<div class="file-name">${md.utils.escapeHtml(name)}</div>` : ''
        return title + fence?.(tokens, i, ...rest)
      }
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Method', link: '/method' },
      { text: 'API', link: '/api/index.html', target: '_self' },
    ],
    sidebar: [
      {
        text: 'Begin',
        items: there([
          { text: 'Quick start', link: '/quick-start' },
          { text: 'Concepts', link: '/concepts' },
          { text: 'Gallery', link: '/gallery' },
        ]),
      },
      {
        text: 'Tutorials',
        items: there([
          { text: 'ERA5 from WeatherBench2', link: '/tutorials/era5-from-weatherbench' },
          { text: 'Your own background and observations', link: '/tutorials/own-background-and-observations' },
          { text: 'A forecast model in ONNX', link: '/tutorials/onnx-forecaster' },
          { text: 'Your own reward', link: '/tutorials/own-reward' },
          { text: 'Your own guidance', link: '/tutorials/own-guidance' },
        ]),
      },
      {
        text: 'Reference',
        items: there([
          { text: 'Method and numbers', link: '/method' },
          { text: 'Checks against known answers', link: '/checks' },
          { text: 'Alignment in the plane', link: '/results/alignment-toy' },
          { text: 'Configuration', link: '/configuration' },
          { text: 'Defaults and why', link: '/defaults' },
          { text: 'Performance', link: '/performance' },
          { text: 'Reproduce everything', link: '/reproduce' },
          { text: 'Troubleshooting', link: '/troubleshooting' },
          { text: 'Decisions', link: '/decisions' },
          { text: 'Limits', link: '/limits' },
        ]),
      },
    ],
  },
})
