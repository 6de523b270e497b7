import { describe, expect, it } from 'vitest';
import { addLanguage, addStep, dayOf, draftOf, moveStep, placeOf, removeLanguage, sendable, type ProcedureVersion } from './procedure';

const today = new Date(2026, 10, 29, 23, 30);
const kept: ProcedureVersion = {
  version: 3, state: 'confirmed', made_at: '2026-01-01T00:00:00Z', confirmed_by: 'The unit', confirmed_on: '2026-01-01', holds_until: '2026-06-01', source: 'SOP 4',
  texts: [
    { language: 'en', title: 'Referral', steps: ['Call 110.', 'Write down who took over.'] },
    { language: 'my', title: 'လွှဲပြောင်းရေး', steps: ['၁၁၀', 'ရေးပါ'], draft: true },
  ],
};

describe('the draft of a procedure', () => {
  it('comes back as it was, with the confirmation to be given anew', () => {
    const draft = draftOf(kept, 'en', today);
    expect(sendable(draft).texts).toEqual(kept.texts);
    expect(draft.confirmed_on).toBe('2026-11-29');
    expect(draft.holds_until).toBe('2027-05-29');
  });
  it('keeps every language at the same steps', () => {
    const draft = draftOf(kept, 'en', today);
    addStep(draft);
    addLanguage(draft, 'th');
    addLanguage(draft, 'th');
    moveStep(draft, 0, 1);
    expect(sendable(draft).texts.map((one) => one.steps)).toEqual([['Write down who took over.', 'Call 110.', ''], ['ရေးပါ', '၁၁၀', ''], ['', '', '']]);
    removeLanguage(draft, 0);
    expect(sendable(draft).texts.map((one) => [one.language, one.steps.length])).toEqual([['my', 3], ['th', 3]]);
  });
  it('finds the field that the node refuses', () => {
    expect(placeOf('texts.1.steps.0')).toEqual({ language: 1, step: 0, field: 'steps' });
    expect(placeOf('texts.0.title')).toEqual({ language: 0, field: 'title' });
    expect(placeOf('confirmed_by')).toEqual({ field: 'confirmed_by' });
  });
  it('takes the day of the writer, not that of Greenwich', () => {
    expect(dayOf(today)).toBe('2026-11-29');
  });
});
