// @vitest-environment jsdom
import { beforeAll, expect, test } from 'vitest';
import type { FormLanguage, RootNode } from '@getodk/xforms-engine';
import { stepsOf, switched, type Step } from './engine';
import { translated } from './translated';

/** Everything a question's words can be: plain, with a value inside, media, untranslated, choices of both kinds, a repeat. */
const xform = `<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">
  <h:head><h:title>t</h:title><model>
    <itext>
      <translation lang="English (en)" default="true()">
        <text id="/data/name:label"><value>Name</value><value form="audio">jr://audio/name-en.mp3</value></text>
        <text id="/data/age:label"><value>How old is <output value=" /data/name "/>?</value></text>
        <text id="/data/age:hint"><value>In years</value></text>
        <text id="/data/colour:label"><value>Colour</value></text>
        <text id="colour-0"><value>Red</value><value form="image">jr://images/red.png</value></text>
        <text id="colour-1"><value>Blue</value></text>
        <text id="/data/child/first:label"><value>Child of <output value=" /data/name "/></value></text>
      </translation>
      <translation lang="Thai (th)">
        <text id="/data/name:label"><value>ชื่อ</value><value form="audio">jr://audio/name-th.mp3</value></text>
        <text id="/data/age:label"><value><output value=" /data/name "/> อายุเท่าไร</value></text>
        <text id="/data/age:hint"><value>เป็นปี</value></text>
        <text id="/data/colour:label"><value>สี</value></text>
        <text id="colour-0"><value>แดง</value><value form="image">jr://images/red.png</value></text>
        <text id="colour-1"><value>น้ำเงิน</value></text>
        <text id="/data/child/first:label"><value>ลูกของ <output value=" /data/name "/></value></text>
      </translation>
    </itext>
    <instance><data id="t"><name/><age/><colour/><plain/><child jr:template=""><first/></child><meta><instanceID/></meta></data></instance>
    <instance id="colour"><root>
      <item><itextId>colour-0</itextId><name>red</name></item><item><itextId>colour-1</itextId><name>blue</name></item>
    </root></instance>
    <bind nodeset="/data/name" type="string"/><bind nodeset="/data/age" type="int"/><bind nodeset="/data/colour" type="string"/>
    <bind nodeset="/data/plain" type="string"/><bind nodeset="/data/child/first" type="string"/>
    <bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/>
  </model></h:head>
  <h:body>
    <input ref="/data/name"><label ref="jr:itext('/data/name:label')"/></input>
    <input ref="/data/age"><label ref="jr:itext('/data/age:label')"/><hint ref="jr:itext('/data/age:hint')"/></input>
    <select1 ref="/data/colour"><label ref="jr:itext('/data/colour:label')"/><itemset nodeset="instance('colour')/root/item"><value ref="name"/><label ref="jr:itext(itextId)"/></itemset></select1>
    <select1 ref="/data/plain"><label>Not translated</label><item><label>One</label><value>1</value></item></select1>
    <group ref="/data/child"><label/><repeat nodeset="/data/child"><input ref="/data/child/first"><label ref="jr:itext('/data/child/first:label')"/></input></repeat></group>
  </h:body>
</h:html>`;

let root: RootNode;
let english: FormLanguage;
let thai: FormLanguage;
let questions: Step[];

beforeAll(async () => {
  // The engine takes a program with process.versions.node for one without modules, and would fail to load its grammar.
  await fetch('data:text/plain,warm');
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: undefined } });
  const { loadForm } = await import('@getodk/xforms-engine');
  const loaded = await loadForm(xform, { missingResourceBehavior: 'BLANK', fetchFormAttachment: async () => new Response(null, { status: 404 }) });
  if (loaded.status === 'failure') throw loaded.error;
  root = loaded.createInstance().root;
  const languages = root.languages as readonly FormLanguage[];
  english = languages.find((one) => !('isSyntheticDefault' in one) && one.language.startsWith('English'))!;
  thai = languages.find((one) => !('isSyntheticDefault' in one) && one.language.startsWith('Thai'))!;
  root.setLanguage(english);
  const name = stepsOf(root)[0]!;
  if (name.kind === 'question' && name.node.nodeType === 'input') (name.node as { setValue(value: string): unknown }).setValue('Siti');
  const repeat = stepsOf(root).find((step) => step.kind === 'repeat');
  if (repeat?.kind === 'repeat') (repeat.node as unknown as { addInstances(): unknown }).addInstances();
  questions = stepsOf(root).filter((step) => step.kind === 'question');
});

test('the words taken alone are those of a real change of language, for every question', () => {
  expect(questions.length).toBeGreaterThanOrEqual(5);
  for (const step of questions) {
    const slow = switched(root, step, english, thai);
    const ours = switched(root, step, english, english);
    const fast = translated(step, thai, { label: ours.label, hint: ours.hint, options: [...ours.options.values()] });
    expect(fast, step.path).not.toBeNull();
    expect({ path: step.path, label: fast!.label, hint: fast!.hint, options: fast!.options }).toEqual({ path: step.path, label: slow.label, hint: slow.hint, options: [...slow.options.values()] });
  }
});

test('a value inside a text is put in, and the recording is that of the language', () => {
  const [name, age] = questions;
  const none = { text: '', audio: null, image: null };
  expect(translated(age!, thai, { label: none, hint: none, options: [] })!.label.text).toBe('Siti อายุเท่าไร');
  expect(translated(name!, thai, { label: none, hint: none, options: [] })!.label.audio).toBe('name-th.mp3');
});
