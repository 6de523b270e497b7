// A planner's journeys: looking at a scenario by day, trying a what-if, staffing, bringing a case, stopping a run,
// paper, small screens and other scripts, and opening a kept scenario while the node is really stopped.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, call, enter, fitsItsWidth, picture, startBrowser, startNode, visit } from './house.mjs';

const scenarios = '/api/displacement/scenarios';
let node, browser;
before(async () => {
  node = await startNode();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await node?.end();
});

/** The demo's scenario, once its runs have answers. */
async function demo(context) {
  const { id } = (await call(context, 'GET', scenarios)).body.items.find((s) => s.name.startsWith('Serai'));
  for (let i = 0; i < 240; i++) {
    const { runs } = (await call(context, 'GET', `${scenarios}/${id}`)).body;
    if (runs.length > 0 && runs.every((r) => !['queued', 'running', 'stopping'].includes(r.state))) return id;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error('the runs of the demo do not end');
}

async function planner(options = {}, of = node) {
  const visitor = await visit(browser, of, options);
  await enter(visitor.context, 'planner@demo');
  return { ...visitor, id: await demo(visitor.context) };
}

const tab = (page, name) => page.getByRole('tab', { name, exact: true }).click();
const choose = (page, label, value) => page.getByLabel(label, { exact: true }).selectOption(value);
/** How many different colours the map has drawn: a blank canvas has one. */
const colours = (page) => page.locator('.ui-map canvas').last().evaluate((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 4).join())).size;
});

/** How many answers of the node lie on the device. */
const onDevice = (page) => page.evaluate(() => new Promise((done, fail) => {
  const open = indexedDB.open('lintas-displacement');
  open.onerror = () => fail(open.error);
  open.onsuccess = () => {
    const all = open.result.transaction('answers').objectStore('answers').count();
    all.onsuccess = () => done(all.result);
  };
}));

test('the map plays the days, and says the same as a table', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await page.locator('.ui-map .canvas[data-ready]').first().waitFor();
  assert.ok((await colours(page)) > 10, 'the map is blank');
  const day = page.locator('.day output');
  assert.equal(await day.innerText(), '2031-04-08', 'the page opens on the newest count');
  await page.getByLabel('Day', { exact: true }).fill('20');
  assert.equal(await day.innerText(), '2031-01-25');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction(() => document.querySelector('.day output').textContent > '2031-01-26');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('The same as a table').first().click();
  await page.getByRole('rowheader', { name: 'Heron Bay – Lantern Island' }).first().waitFor();
  await accessible(page, 'the map with its table open');
  await picture(page, 'displacement-map');
  await leave();
});

test('the map can be moved and zoomed with the keyboard alone', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await page.locator('.ui-map .canvas[data-ready]').first().waitFor();
  const drawn = () => page.locator('.ui-map canvas').first().evaluate((canvas) => canvas.toDataURL());
  const map = page.locator('.ui-map .canvas').first();
  await map.focus();
  for (const key of ['ArrowRight', '+']) {
    const was = await drawn();
    await page.keyboard.press(key);
    await page.waitForFunction((before) => document.querySelector('.ui-map canvas').toDataURL() !== before, was);
  }
  await leave();
});

test('bands stand beside counts, persistence and the difference that the changes make', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await tab(page, 'Bands');
  await page.getByText('so they are too narrow', { exact: false }).waitFor();
  await page.locator('.band-chart circle.count').first().waitFor();
  await page.getByText('“it stays as last reported” by', { exact: false }).first().waitFor();
  await page.getByLabel('Day', { exact: true }).fill('170');
  const row = page.getByRole('row', { name: /Lantern Island/ });
  assert.match(await row.innerText(), /\+\d+/, 'the difference is not shown');
  const files = await page.locator('.downloads a').evaluateAll((links) => links.map((a) => a.href));
  for (const file of files) assert.equal((await page.request.get(file)).status(), 200, file);
  await leave();
});

test('a what-if is put together, taken back, kept as a version and run', async () => {
  const { page, context, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await tab(page, 'What if');
  await choose(page, 'What changes', 'cut_road');
  await choose(page, 'Place', 'Rattan Bridge');
  await choose(page, 'Other end', 'Ferry Gate');
  await page.getByRole('textbox', { name: /^From/ }).fill('2031-04-20');
  await page.getByLabel('Until', { exact: true }).fill('2031-04-10');
  await page.getByRole('button', { name: 'Add this change' }).click();
  await page.getByText('Choose a day after the first.').waitFor();
  await page.getByLabel('Until', { exact: true }).fill('2031-05-20');
  await page.getByRole('button', { name: 'Add this change' }).click();
  const sentence = 'The way between Rattan Bridge and Ferry Gate is cut from 2031-04-20 until 2031-05-20';
  await page.getByText(sentence, { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.equal(await page.getByText(sentence, { exact: true }).count(), 0, 'undo leaves the change');
  await page.getByRole('button', { name: 'Add this change' }).click();
  await page.getByLabel('Why').fill('The bridge is said to be mined');
  await accessible(page, 'the what-if editor');
  await page.getByRole('button', { name: 'Keep as a new version and run it' }).click();
  await page.getByText('Version 3 is kept and runs.').waitFor();
  await page.getByText(/Version 3: band and middle of 200 members/).waitFor({ timeout: 120_000 });
  await tab(page, 'Sources');
  await page.getByText('The bridge is said to be mined', { exact: false }).waitFor();
  await page.locator('.diff .added').getByText(sentence, { exact: false }).waitFor();
  const kept = (await call(context, 'GET', `${scenarios}/${id}`)).body.versions[0];
  assert.deepEqual(kept.changes.at(-1), { kind: 'cut_road', from: 105, until: 135, place: 'Rattan Bridge', place2: 'Ferry Gate' });
  await leave();
});

test('every kind of change can be made in the editor and is taken by the node', async () => {
  const { page, context, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await tab(page, 'What if');
  const kinds = await page.getByLabel('What changes').locator('option').evaluateAll((options) => options.map((o) => o.value));
  assert.equal(kinds.length, 12);
  const before = await page.locator('.changes li').count();
  for (const kind of kinds) {
    await choose(page, 'What changes', kind);
    await page.getByRole('button', { name: 'Add this change' }).click();
  }
  await choose(page, 'What changes', 'open_camp');
  await page.getByLabel('At a place that the case does not have').check();
  for (const [label, text] of [['Name', 'Palm Field'], ['Latitude', '6.4'], ['Longitude', '149.9']]) await page.getByLabel(label).fill(text);
  await page.getByRole('button', { name: 'Add this change' }).click();
  await page.getByText('Palm Field takes people in', { exact: false }).waitFor();
  assert.equal(await page.locator('.changes li').count(), before + 13, 'a change was not added');
  await page.getByRole('button', { name: 'Keep as a new version and run it' }).click();
  await page.getByText(/Version \d is kept and runs./).waitFor();
  for (const r of (await call(context, 'GET', `${scenarios}/${id}`)).body.runs.slice(0, 1)) await call(context, 'POST', `/api/displacement/runs/${r.id}/stop`);
  await leave();
});

test('gaps follow the staffing that is tried out', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await tab(page, 'Gaps');
  const waiting = async () => Number((await page.getByRole('row', { name: /Green Terrace/ }).first().getByRole('cell').nth(4).innerText()).replace(/\D/g, ''));
  await page.getByRole('row', { name: /Green Terrace/ }).first().waitFor();
  const few = await waiting();
  assert.ok(few > 0, 'two interviewers are enough');
  await page.getByText('Other numbers of interviewers').click();
  const answered = page.waitForResponse((r) => r.url().includes('staff_at'));
  await page.getByLabel('Green Terrace', { exact: true }).fill('400');
  await answered;
  await page.waitForFunction(() => document.querySelector('tbody tr td:nth-of-type(5)')?.textContent.trim() === '0');
  await leave();
});

test('a broken case is refused with its file, line and column; tables become a case', async () => {
  const { page, leave } = await planner();
  await page.goto('/displacement');
  await page.getByRole('button', { name: 'Bring a case' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Built here');
  await dialog.getByLabel('Where it comes from').fill('by hand');
  await dialog.getByLabel('Case folder as a zip file').setInputFiles({ name: 'x.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await dialog.getByRole('button', { name: 'Read it and keep it' }).click();
  await dialog.getByText('The file is not a zip of a case folder').waitFor();
  await dialog.getByRole('tab', { name: 'Three tables' }).click();
  const csv = (text) => ({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await dialog.getByLabel(/^Places/).setInputFiles(csv('name,latitude,longitude,population,country,type\nTown,0,0,50000,Home,\nHarbour,0,1,0,Coast,camp\n'));
  await dialog.getByLabel(/^Events/).setInputFiles(csv('date,latitude,longitude,deaths\n2031-03-01,0,0.01,12\n'));
  await dialog.getByRole('button', { name: 'Read it and keep it' }).click();
  await dialog.getByText('The case is kept.').waitFor();
  await accessible(page, 'what was noticed in a case');
  await dialog.getByRole('link', { name: 'Built here' }).click();
  await page.getByRole('heading', { level: 1, name: 'Built here' }).waitFor();
  await page.locator('.ui-map .canvas[data-ready]').first().waitFor();
  await leave();
});

test('a long run tells how far it is and can be stopped', async () => {
  const { page, context, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await choose(page, 'with', '0');
  await tab(page, 'Bands');
  await page.getByText('Run version 1 again').click();
  await page.getByLabel('Members').fill('2000');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('progressbar', { name: /version 1/ }).waitFor();
  await page.getByRole('button', { name: 'Stop; keep what is finished' }).click();
  await page.getByText(/The run of version 1 was stopped/).waitFor();
  assert.equal((await call(context, 'GET', `${scenarios}/${id}`)).body.runs.filter((r) => r.state === 'stopped').length >= 1, true);
  await leave();
});

test('a count that comes in stands over the bands at once', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await tab(page, 'Arrivals');
  await page.getByLabel('People present').fill('8123');
  await page.getByLabel('Day', { exact: true }).last().fill('2031-04-15');
  await page.getByRole('button', { name: 'Keep', exact: true }).first().click();
  await page.getByRole('cell', { name: '8,123' }).waitFor();
  await page.getByText('A table of counts').click();
  await page.getByLabel('Lines of place, day, people').fill('Green Terrace,2031-04-16,1\nAtlantis,2031-04-16,2');
  await page.getByLabel('Where it comes from').nth(1).fill('radio');
  await page.getByRole('button', { name: 'Keep', exact: true }).nth(1).click();
  await page.getByText('csv:2:place').waitFor();
  await leave();
});

test('the sheet for a meeting is two pages of paper with the map on it', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}/sheet?left=1&right=2&day=93`);
  await page.locator('.ui-map .canvas[data-ready]').waitFor();
  await page.getByRole('heading', { name: 'What may be missing from then on' }).waitFor();
  await accessible(page, 'the sheet');
  const paper = (await page.pdf({ format: 'A4' })).toString('latin1');
  assert.ok((paper.match(/\/Type \/Page\b/g) ?? []).length <= 2, 'the sheet has more than two pages');
  assert.match(paper, /\/Subtype \/Image/, 'the map is not on the paper');
  await leave();
});

for (const [locale, width] of [['en', 390], ['my', 390], ['th', 1280], ['ar', 390]]) {
  test(`each tab can be read in ${locale} on a screen of ${width} px`, async () => {
    const { page, leave, id } = await planner({ locale, width });
    await page.goto('/displacement');
    await page.locator('.scenarios').waitFor();
    await accessible(page, 'the list');
    await page.goto(`/displacement/${id}`);
    await page.getByRole('tab').first().waitFor();
    for (let i = 0; i < 7; i++) {
      await page.getByRole('tab').nth(i).click();
      await page.waitForLoadState('networkidle');
      const where = `tab ${i} in ${locale} at ${width}`;
      assert.doesNotMatch(await page.locator('#main').innerText(), /\bdisplacement\.[a-z]/, `${where} shows the names of texts`);
      await accessible(page, where);
      await fitsItsWidth(page, where);
      await picture(page, `displacement-${i}-${locale}-${width}`);
    }
    await leave();
  });
}

test('a kept scenario opens while the node is stopped, and nothing is offered that needs it', async () => {
  const own = await startNode();
  const { page, context, id } = await planner({}, own);
  try {
    await page.goto(`/displacement/${id}`);
    await page.getByRole('button', { name: 'Keep on this device' }).click();
    await page.getByRole('button', { name: 'Remove from this device' }).waitFor();
    await page.waitForLoadState('networkidle');
    await own.end();
    const later = await context.newPage();
    await later.goto(`${own.url}/displacement/${id}`);
    await later.getByText('The node cannot be reached. This is what this device kept', { exact: false }).waitFor();
    await later.getByRole('heading', { level: 1, name: /Serai straits/ }).waitFor();
    await later.locator('.ui-map .canvas[data-ready]').first().waitFor();
    await later.getByLabel('Day', { exact: true }).fill('60');
    assert.ok((await colours(later)) > 10, 'the map is blank');
    await tab(later, 'Bands');
    await later.locator('.band-chart polygon').first().waitFor();
    await tab(later, 'Gaps');
    await later.getByRole('row', { name: /Green Terrace/ }).first().waitFor();
    await tab(later, 'What if');
    assert.equal(await later.getByRole('button', { name: 'Add this change' }).count(), 0, 'a change is offered without a node');
    await tab(later, 'Sources');
    assert.equal(await later.getByText('Planner Arun').count(), 0, 'a name lies on the device');
    await accessible(later, 'the scenario without a node');
    await later.goto(`${own.url}/displacement/`);
    await later.getByRole('link', { name: /Serai straits/ }).click();
    await later.getByRole('button', { name: 'Remove from this device' }).click();
    await later.getByRole('button', { name: 'Remove from this device' }).waitFor({ state: 'detached' });
    assert.equal(await onDevice(later), 0, 'the scenario is still on the device');
  } finally {
    await context.close();
    await own.end();
  }
});

test('who signs out leaves no scenario behind on the device', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await page.getByRole('button', { name: 'Keep on this device' }).click();
  await page.getByRole('button', { name: 'Remove from this device' }).waitFor();
  await page.waitForLoadState('networkidle');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/sign-in/);
  assert.equal(await onDevice(page), 0);
  await leave();
});

test('who is not signed in is sent to the door', async () => {
  const visitor = await visit(browser, node);
  await visitor.page.goto('/displacement');
  await visitor.page.waitForURL(/sign-in\?to=/);
  await visitor.leave();
});
