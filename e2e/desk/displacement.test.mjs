// A planner's journeys: looking at a scenario by day, trying a what-if, staffing, bringing a case, stopping a run,
// paper, small screens and other scripts, and opening a kept scenario while the node is really stopped.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessible, becomes, call, enter, fitsItsWidth, freePort, gone, journeys, picture, program, says, settled, startNode } from './house.mjs';

const scenarios = '/api/displacement/scenarios';
/** A run may have to share the machine: this long it may take to its answer. */
const runPatience = 300_000;
const { visitor } = journeys();

/** The demo's scenario, once its runs have answers. */
async function demo(context) {
  const { id } = (await call(context, 'GET', scenarios)).body.items.find((s) => s.name.startsWith('Serai'));
  for (const end = Date.now() + runPatience; Date.now() < end; ) {
    const { runs } = (await call(context, 'GET', `${scenarios}/${id}`)).body;
    if (runs.length > 0 && runs.every((r) => !['queued', 'running', 'stopping'].includes(r.state))) return id;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error('the runs of the demo do not end');
}

async function somebody(login, options, of) {
  const one = await visitor(options, of);
  await enter(one.context, login);
  return one;
}
async function planner(options, of) {
  const one = await somebody('planner@demo', options, of);
  return { ...one, id: await demo(one.context) };
}

const tab = (page, name) => page.getByRole('tab', { name, exact: true }).click();
const choose = (page, label, value) => page.getByLabel(label, { exact: true }).selectOption(value);
/** How many different colours the map has drawn: a blank canvas has one. */
const colours = (page) => page.locator('.ui-map canvas').last().evaluate((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 4).join())).size;
});

const drawn = (page) => becomes(async () => (await colours(page)) > 10, true, 'the map is blank');

/** How many answers of the node lie on the device. */
const onDevice = (page) => page.evaluate(() => new Promise((done, fail) => {
  const open = indexedDB.open('lintas-displacement');
  open.onerror = () => fail(open.error);
  open.onsuccess = () => {
    if (!open.result.objectStoreNames.contains('answers')) return done(0); // the whole store is gone
    const all = open.result.transaction('answers').objectStore('answers').count();
    all.onsuccess = () => done(all.result);
  };
}));

test('the map plays the days, and says the same as a table', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await page.locator('.ui-map .canvas[data-ready]').first().waitFor();
  await drawn(page);
  const day = page.locator('.day output');
  await says(day, '2031-04-08', 'the page opens on the newest count');
  await page.getByLabel('Day', { exact: true }).fill('20');
  await says(day, '2031-01-25');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction(() => document.querySelector('.day output').textContent > '2031-01-26');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('The same as a table').first().click();
  await page.getByRole('rowheader', { name: 'Heron Bay – Lantern Island' }).first().waitFor();
  await accessible(page, 'the map with its table open');
  await picture(page, 'displacement-map');
  await leave();
});

test('what is chosen while a scenario still loads stays chosen', async () => {
  const { page, leave, id } = await planner();
  let answer;
  const asked = new Promise((go) => (answer = go));
  await page.route('**/arrivals', async (route) => { await asked; await route.continue(); });
  await page.goto(`/displacement/${id}`);
  await choose(page, 'with', '0');
  await page.getByLabel('Day', { exact: true }).fill('20');
  answer();
  await page.locator('.ui-map .canvas[data-ready]').first().waitFor();
  assert.equal(await page.getByLabel('with', { exact: true }).inputValue(), '0');
  assert.equal(await page.locator('.day output').innerText(), '2031-01-25');
  await leave();
});

test('the map can be moved and zoomed with the keyboard alone', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await page.locator('.ui-map .canvas[data-ready]').first().waitFor();
  const pictured = () => page.locator('.ui-map canvas').first().evaluate((canvas) => canvas.toDataURL());
  const map = page.locator('.ui-map .canvas').first();
  await map.focus();
  for (const key of ['ArrowRight', '+']) {
    const was = await pictured();
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
  await says(row, /\+\d+/, 'the difference is not shown');
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
  await gone(page.getByText(sentence, { exact: true }), 'undo leaves the change');
  await page.getByRole('button', { name: 'Add this change' }).click();
  await page.getByLabel('Why').fill('The bridge is said to be mined');
  await accessible(page, 'the what-if editor');
  await page.getByRole('button', { name: 'Keep as a new version and run it' }).click();
  await page.getByText('Version 3 is kept and runs.').waitFor();
  await page.getByText(/Version 3: band and middle of 200 members/).waitFor({ timeout: runPatience });
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
  await becomes(() => page.locator('.changes li').count(), before + 13, 'a change was not added');
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

test('who the people may be is told with bands, in the week that beds are planned for and in the file', async () => {
  const { page, leave, id } = await planner();
  await page.goto(`/displacement/${id}`);
  await choose(page, 'with', '2'); // the demo's own, whatever other journeys have made
  await tab(page, 'Who');
  const groups = page.locator('table.groups');
  await groups.waitFor();
  const cells = (await groups.getByRole('row', { name: /Green Terrace/ }).getByRole('cell').allInnerTexts()).map((text) => text.match(/[\d,]+/g).map((n) => Number(n.replace(/,/g, ''))));
  const [underFive, children] = cells;
  assert.equal(cells.length, 4);
  for (const [mid, low, high] of cells) assert.ok(low <= mid && mid <= high && high > 0, `${low} ${mid} ${high}`);
  assert.ok(underFive[0] < children[0], 'there are more children under five than children');
  await accessible(page, 'who the people may be');
  await tab(page, 'Gaps');
  await page.getByRole('columnheader', { name: 'Children (0 to 17)' }).waitFor();
  await page.getByLabel('Show every week').check();
  await says(page.locator('.scroll.tall tbody tr').last().getByRole('cell').nth(3), /^[\d,]+ – [\d,]+$/);
  const { runs } = (await call(page.context(), 'GET', `${scenarios}/${id}`)).body;
  const file = await (await page.request.get(`/api/displacement/runs/${runs.find((r) => r.state === 'done' && r.version === 2).id}/bands.csv`)).text();
  assert.match(file.split('\n')[0], /children_low_5,children_middle,children_high_95/);
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
  await becomes(async () => (await call(context, 'GET', `${scenarios}/${id}`)).body.runs.some((r) => r.state === 'stopped'), true);
  await leave();
});

test('a run that a worker helps with says so, and goes on when the worker is killed', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const own = await startNode('--workers-listen', address);
  const worker = spawn(program, ['displacement', 'worker', '--join', `nats://${address}`, '--token-file', join(own.data, 'workers-token')], { stdio: 'ignore' });
  const gone = new Promise((done) => worker.once('exit', done));
  const { page, context, id } = await planner({}, own);
  try {
    await page.goto(`/displacement/${id}`);
    await choose(page, 'with', '0');
    await tab(page, 'Bands');
    await page.getByText('Run version 1 again').click();
    await page.getByLabel('Members').fill('2000');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('1 worker helps.').waitFor({ timeout: runPatience });
    await picture(page, 'displacement-worker');
    worker.kill('SIGKILL');
    await gone;
    await page.getByText('1 worker helps.').waitFor({ state: 'detached', timeout: runPatience });
    const so = async () => (await call(context, 'GET', `${scenarios}/${id}`)).body.runs[0];
    const then = await so();
    assert.equal(then.state, 'running');
    await becomes(async () => (await so()).done > then.done, true, 'the run does not go on');
    await page.getByRole('button', { name: 'Stop; keep what is finished' }).click();
    await page.getByText(/The run of version 1 was stopped/).waitFor();
    assert.ok(!own.said().includes(readFileSync(join(own.data, 'workers-token'), 'utf8').trim()), 'the token is in the log');
  } finally {
    worker.kill('SIGKILL');
    await context.close();
    await own.end();
  }
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
      await settled(page);
      const where = `tab ${i} in ${locale} at ${width}`;
      assert.doesNotMatch(await page.locator('#main').innerText(), /\bdisplacement\.[a-z]/, `${where} shows the names of texts`);
      await accessible(page, where);
      await fitsItsWidth(page, where);
      await picture(page, `displacement-${i}-${locale}-${width}`);
    }
    await leave();
  });
}

/** A small scenario of the visitor's own. */
async function bring(context, name) {
  const tables = { places: 'name,latitude,longitude,population,country,type\nTown,0,0,50000,Home,\nHarbour,0,1,0,Coast,camp\n', events: 'date,latitude,longitude,deaths\n2031-03-01,0,0.01,12\n', roads: '' };
  return (await call(context, 'POST', `${scenarios}/built`, { name, source: 'by hand', ...tables, days: 60 })).body.scenario;
}
const listed = async (context, id) => (await call(context, 'GET', scenarios)).body.items.some((s) => s.id === id);

/** A planner with a scenario of their own, and somebody else who is there at the same time. */
async function two(name, other, options) {
  const own = await somebody('planner@demo');
  const { id } = await bring(own.context, name);
  const also = await somebody(other, options);
  const leave = async () => {
    await also.leave();
    await own.leave();
  };
  return { ...own, also, id, leave };
}
const editing = (page) => page.getByRole('button', { name: 'Name and sharing' });

test('a scenario is renamed and shared; another organisation reads it and is offered no change', async () => {
  const { page, also: abroad, id, leave } = await two('First name', 'neighbour@demo', { width: 390 });
  assert.equal(await listed(abroad.context, id), false, 'another organisation sees it before it is shared');
  await page.goto(`/displacement/${id}`);
  await editing(page).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Harbour plan');
  await dialog.getByLabel('Who sees it').selectOption('node');
  await accessible(page, 'name and sharing');
  await page.setViewportSize({ width: 390, height: 800 });
  await fitsItsWidth(page, 'name and sharing at 390');
  await picture(page, 'displacement-share-390');
  await page.setViewportSize({ width: 1280, height: 800 });
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('heading', { level: 1, name: 'Harbour plan' }).waitFor();
  await tab(page, 'Sources');
  const history = page.locator('.history').nth(1);
  await history.getByText('Planner Arun', { exact: false }).first().waitFor();
  await history.getByText('renamed: “First name” is now “Harbour plan”', { exact: false }).waitFor();
  await picture(page, 'displacement-share-history');

  await abroad.page.goto('/displacement');
  await abroad.page.getByText(/Of Border Service.*: it can be read here, not changed\./).first().waitFor();
  await picture(abroad.page, 'displacement-shared-list-390');
  await abroad.page.getByRole('link', { name: 'Harbour plan' }).click();
  await abroad.page.locator('.ui-map .canvas[data-ready]').first().waitFor();
  assert.equal(await editing(abroad.page).count(), 0);
  await tab(abroad.page, 'Sources');
  await abroad.page.getByRole('table').getByRole('row').nth(1).waitFor();
  assert.equal(await abroad.page.getByText('Planner Arun').count(), 0, 'a colleague is named to another organisation');
  await tab(abroad.page, 'What if');
  assert.equal(await abroad.page.getByRole('button', { name: 'Add this change' }).count(), 0, 'a change is offered');
  await accessible(abroad.page, 'a scenario of another organisation');
  await fitsItsWidth(abroad.page, 'a scenario of another organisation at 390');

  const secretary = await somebody('secretariat@demo');
  assert.equal(await listed(secretary.context, id), true);
  await editing(page).click();
  await dialog.getByLabel('Who sees it').selectOption('maker');
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('only who brought it', { exact: true }).waitFor();
  for (const other of [abroad, secretary]) assert.equal(await listed(other.context, id), false, 'it is still seen by others');
  await secretary.leave();
  await leave();
});

test('of two who edit at once the second is told what the first made of it, and decides', async () => {
  const { page, context, also: boss, id, leave } = await two('Two at once', 'supervisor@demo');
  for (const p of [page, boss.page]) {
    await p.goto(`/displacement/${id}`);
    await editing(p).click();
  }
  const edit = async (p, name) => {
    await p.getByRole('dialog').getByLabel('Name').fill(name);
    await p.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
  };
  await edit(boss.page, 'The supervisor was first');
  await boss.page.getByRole('heading', { level: 1, name: 'The supervisor was first' }).waitFor();
  await edit(page, 'The planner was second');
  await page.getByText('Somebody has renamed, shared or removed the scenario meanwhile', { exact: false }).waitFor();
  await page.getByText('At the node it is now “The supervisor was first”', { exact: false }).waitFor();
  await accessible(page, 'two who edit at once');
  await picture(page, 'displacement-share-conflict');
  assert.equal((await call(context, 'GET', `${scenarios}/${id}`)).body.scenario.name, 'The supervisor was first');
  await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('heading', { level: 1, name: 'The planner was second' }).waitFor();
  await leave();
});

test('a removed scenario is gone for everybody and can be brought back', async () => {
  const { page, context, also: boss, id, leave } = await two('Gone by mistake', 'supervisor@demo');
  const remove = async () => {
    await page.goto(`/displacement/${id}`);
    await editing(page).click();
    await page.getByRole('button', { name: 'Remove this scenario' }).click();
    await page.getByText('For 30 days it can be brought back', { exact: false }).waitFor();
    await accessible(page, 'before removing');
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByText(/“Gone by mistake” was removed\. It can be brought back until/).waitFor();
  };
  await remove();
  await accessible(page, 'after removing');
  await picture(page, 'displacement-removed');
  assert.equal(await listed(boss.context, id), false);
  assert.equal((await call(boss.context, 'GET', `${scenarios}/${id}`)).body.code, 'displacement.no-scenario');
  await page.getByRole('button', { name: 'Bring it back', exact: true }).first().click();
  await page.getByRole('link', { name: 'Gone by mistake' }).waitFor();
  assert.equal(new URL(page.url()).search, '');
  await remove();
  await boss.page.goto('/displacement');
  await boss.page.getByText('Removed scenarios (1)').click();
  await boss.page.getByRole('button', { name: 'Bring “Gone by mistake” back' }).click();
  await boss.page.getByRole('link', { name: 'Gone by mistake' }).waitFor();
  await gone(boss.page.getByText('Removed scenarios', { exact: false }));
  assert.equal(await listed(context, id), true);
  await leave();
});

test('what a device kept goes when the scenario was removed at the node', async () => {
  const { page, context, leave } = await somebody('planner@demo');
  const boss = await somebody('supervisor@demo');
  const keep = async (name) => {
    const { id } = await bring(context, name);
    await page.goto(`/displacement/${id}`);
    await page.getByRole('button', { name: 'Keep on this device' }).click();
    await page.getByRole('button', { name: 'Remove from this device' }).waitFor();
    assert.ok((await onDevice(page)) >= 5, 'not everything was kept');
    return id;
  };
  const remove = async (id) => assert.equal((await call(boss.context, 'POST', `${scenarios}/${id}/remove`, { expected: 1 })).status, 200);

  const opened = await keep('Opened again');
  await remove(opened);
  await page.goto(`/displacement/${opened}`);
  await page.getByText('What this device kept of it is gone, too.', { exact: false }).waitFor();
  await accessible(page, 'a scenario that is gone');
  await picture(page, 'displacement-vanished');
  await becomes(() => onDevice(page), 0, 'it is still on the device');

  const another = await keep('Seen missing in the list');
  await remove(another);
  await page.goto('/displacement');
  await page.getByText('it is gone from this device, too: Seen missing in the list', { exact: false }).waitFor();
  await becomes(() => onDevice(page), 0, 'it is still on the device');
  await boss.leave();
  await leave();
});

test('a kept scenario opens while the node is stopped, and nothing is offered that needs it', async () => {
  const own = await startNode();
  const { page, context, id } = await planner({}, own);
  try {
    await page.goto(`/displacement/${id}`);
    await page.getByRole('button', { name: 'Keep on this device' }).click();
    await page.getByRole('button', { name: 'Remove from this device' }).waitFor();
    await own.end();
    const later = await context.newPage();
    await later.goto(`${own.url}/displacement/${id}`);
    await later.getByText('The node cannot be reached. This is what this device kept', { exact: false }).waitFor();
    await later.getByRole('heading', { level: 1, name: /Serai straits/ }).waitFor();
    await later.locator('.ui-map .canvas[data-ready]').first().waitFor();
    await later.getByLabel('Day', { exact: true }).fill('60');
    await drawn(later);
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
    await becomes(() => onDevice(later), 0, 'the scenario is still on the device');
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
  assert.ok((await onDevice(page)) > 0, 'nothing was kept');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/sign-in/);
  await becomes(() => onDevice(page), 0);
  await leave();
});

test('who is not signed in is sent to the door', async () => {
  const { page, leave } = await visitor();
  await page.goto('/displacement');
  await page.waitForURL(/sign-in\?to=/);
  await leave();
});
