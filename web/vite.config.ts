import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Three pages from one source: the desks (/), the officer's app (/app/) and
 * the same app for exercises (/exercise/). The service workers are built by
 * vite.worker.config.ts, their lists of files by scripts/precache.mjs.
 */
export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': at('./src') } },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    target: 'es2022',
    manifest: '.vite/manifest.json',
    // Inlined data: URLs would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // The form engine's grammar loader has a way for Node that asks `eval`; a browser never takes it, and the
      // node's policy would refuse it.
      onwarn(warning, warn) {
        if (warning.code !== 'EVAL' || !JSON.stringify(warning).includes('@getodk/xforms-engine')) warn(warning);
      },
      output: {
        // The service worker of the officer's app knows the sentences of refusals by their name: it keeps what was fetched.
        chunkFileNames: (chunk) => (chunk.facadeModuleId?.includes('/src/problem/') ? 'assets/problem-[name]-[hash].js' : 'assets/[name]-[hash].js'),
      },
      input: {
        desk: at('./index.html'),
        app: at('./app/index.html'),
        exercise: at('./exercise/index.html'),
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/openrosa', '/key', '/hsds'].map((path) => [path, process.env['LINTAS_NODE'] ?? 'http://localhost:8080']),
    ),
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
});
