// What the control port serves: names with hashes, addresses relative to the page, no script or style in the page itself.

import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type UserConfig } from 'vite'

const config: UserConfig = defineConfig({
  // Behind whatever path prefix: the server writes the way back to the root into `<base>`.
  base: './',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: '../build/hub',
    emptyOutDir: true,
    target: 'es2022',
    // A file of its own for each font: `data:` is nothing that the page may load.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
})

// oxlint-disable-next-line import/no-default-export -- Vite reads it.
export default config
