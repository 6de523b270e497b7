// Writes src/fonts/fonts.css from the font packages: two weights of each
// script, woff2 only, each under the range of characters it is for, so that a
// browser fetches a font only when a text needs it.
import { readFileSync, writeFileSync } from 'node:fs';

const scripts = ['arabic', 'bengali', 'khmer', 'lao', 'myanmar', 'sinhala', 'tamil', 'thai'];
const faces = scripts.flatMap((script) =>
  [400, 700].map((weight) => {
    const name = `noto-sans-${script}`;
    const css = readFileSync(new URL(`../node_modules/@fontsource/${name}/${weight}.css`, import.meta.url), 'utf8');
    const block = css.split('@font-face').find((part) => part.includes(`${name}-${script}-${weight}-normal.woff2`));
    const range = /unicode-range:\s*([^;]+);/.exec(block ?? '')?.[1];
    if (!range) throw new Error(`${name} ${weight}: no unicode-range found`);
    const family = `Noto Sans ${script[0].toUpperCase()}${script.slice(1)}`;
    return `@font-face {\n  font-family: '${family}';\n  font-style: normal;\n  font-display: swap;\n  font-weight: ${weight};\n  src: url('@fontsource/${name}/files/${name}-${script}-${weight}-normal.woff2') format('woff2');\n  unicode-range: ${range};\n}\n`;
  }),
);
writeFileSync(new URL('../src/fonts/fonts.css', import.meta.url), `/* Written by scripts/fonts.mjs: change that, not this. */\n${faces.join('')}`);
