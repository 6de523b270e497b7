import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Journeys in a browser against the real node: `npm run e2e`. LINTAS_BIN names a program that is built already. */
export default defineConfig({
  root: fileURLToPath(new URL('../e2e', import.meta.url)),
  resolve: { alias: { 'playwright-core': fileURLToPath(new URL('./node_modules/playwright-core/index.mjs', import.meta.url)) } },
  server: { fs: { allow: [fileURLToPath(new URL('..', import.meta.url))] } },
  test: {
    include: ['officer/**/*.test.ts'],
    environment: 'node',
    testTimeout: 240_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
