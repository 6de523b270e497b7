import { effectScope } from 'vue';
import { expect, test } from 'vitest';
import { useNewest } from './tasks';

/** An answer that comes when the test lets it. */
function later<T>(): { answer: Promise<T>; come: (value: T) => void; fail: (why: Error) => void } {
  let come!: (value: T) => void;
  let fail!: (why: Error) => void;
  const answer = new Promise<T>((resolve, reject) => ((come = resolve), (fail = reject)));
  return { answer, come, fail };
}

test('of two answers the one that was asked for last stays, whichever comes first', async () => {
  const { run, busy } = effectScope().run(useNewest)!;
  const [first, second] = [later<string>(), later<string>()];
  let shown = '';
  const runs = [run(() => first.answer, (text) => (shown = text)), run(() => second.answer, (text) => (shown = text))];
  second.come('second');
  expect(await runs[1]).toBe(true);
  expect(busy.value).toBe(false);
  first.come('first');
  expect(await runs[0]).toBe(false);
  expect(shown).toBe('second');
});

test('a refusal of what was asked for before is not told of what is shown now', async () => {
  const { run, problem } = effectScope().run(useNewest)!;
  const [first, second] = [later<string>(), later<string>()];
  const runs = [run(() => first.answer, () => undefined), run(() => second.answer, () => undefined)];
  second.come('second');
  first.fail(new Error('refused'));
  await Promise.all(runs);
  expect(problem.value).toBeNull();
});

test('after the page was left nothing is taken', async () => {
  const page = effectScope();
  const { run } = page.run(useNewest)!;
  const asked = later<string>();
  let shown = '';
  const done = run(() => asked.answer, (text) => (shown = text));
  page.stop();
  asked.come('late');
  expect(await done).toBe(false);
  expect(shown).toBe('');
});
