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
    // A machine that does other work, too, is slow: what comes early costs nothing.
    testTimeout: 900_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000, interval: 100 } },
    fileParallelism: false,
  },
});
