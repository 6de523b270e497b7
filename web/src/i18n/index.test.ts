// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import { createTexts } from '.';

test('of two languages chosen shortly after each other the last stays, though its texts come first', async () => {
  let come!: () => void;
  const late = new Promise<void>((resolve) => (come = resolve));
  const texts = createTexts(
    {
      '/src/ui/i18n/en.json': () => Promise.resolve({ default: { close: 'Close' } }),
      '/src/ui/i18n/my.json': () => late.then(() => ({ default: { close: 'ပိတ်ရန်' } })),
      '/src/ui/i18n/th.json': () => Promise.resolve({ default: { close: 'ปิด' } }),
    },
    'lintas.test-locale',
  );
  const first = texts.choose('my');
  await texts.choose('th');
  come();
  await first;
  expect(texts.i18n.global.locale.value).toBe('th');
  expect(localStorage.getItem('lintas.test-locale')).toBe('th');
});
