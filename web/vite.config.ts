/** Builds the page into web/dist. `MILL_URL=http://localhost:5000 npx vite web` serves it while it is written. */
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  // The policy of the server allows no data: fonts and no inline scripts; small files stay files.
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/docs', '/openapi.json'].map((path) => [
        path,
        process.env.MILL_URL ?? 'http://localhost:5000',
      ]),
    ),
  },
});
