import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/**
 * The service worker is one classic script without imports, built twice into
 * two scopes by scripts/precache.mjs, so that the exercise has its own.
 */
export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    outDir: 'dist',
    lib: {
      entry: fileURLToPath(new URL('./src/officer/worker/worker.ts', import.meta.url)),
      formats: ['iife'],
      name: 'lintasWorker',
      fileName: () => 'worker.js',
    },
  },
});
