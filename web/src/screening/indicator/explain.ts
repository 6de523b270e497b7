/** A result in words. Mirrors screening/indicator/explain.go; the sentences are the same data. */
import { wordingIn, type Outcome, type Profile, type Question, type Strength, type Text } from './pack.ts';
import type { Finding, Pack, Present, Result } from './score.ts';
import sentences from './wording.json';

export interface Line {
  kind: string;
  about?: string;
  text: string;
  lang: string;
  draft?: boolean;
}

interface Phrase {
  text: string;
  draft: boolean;
}

const wording = sentences as Record<string, Text>;
const plain = (text: string): Phrase => ({ text, draft: false });

/** An outcome that says that others were not seen: "not (trafficking or asylum)". */
const absence = /^\s*not\s*(\([^()]*\)|[A-Za-z_][A-Za-z0-9_.]*)\s*$/;

export function explain(pack: Pack, r: Result, lang: string): Line[] {
  return new Explainer(pack, r, lang).lines;
}

class Explainer {
  readonly lines: Line[] = [];
  private readonly questions: Map<string, Question>;
  private readonly profile: Profile | undefined;

  constructor(private readonly pack: Pack, private readonly r: Result, private readonly lang: string) {
    this.questions = new Map((pack.data.questions ?? []).map((q) => [q.name, q]));
    this.profile = pack.data.profiles.find((p) => p.id === r.profile.id);
    this.say('offer', '', `offer.${r.offer.state}`);
    this.say('caution', '', 'never_a_finding');
    this.say('population', '', r.population.presumed_child ? 'population.presumed' : `population.${r.population.rule}`);
    this.outcomes();
    for (const flag of r.flags ?? []) if (`flag.${flag}` in wording) this.say('flag', flag, `flag.${flag}`);
    this.next();
    this.dimensions();
    this.views();
    for (const u of r.unanswered ?? []) this.say('unanswered', u.question, `unanswered.${u.state}`, { question: this.question(u.question) });
    if (r.unanswered?.length) this.say('unanswered', '', 'unanswered.note');
    if (r.not_covered?.length) this.say('not_covered', '', 'not_covered', { count: plain(String(r.not_covered.length)) });
    for (const w of r.warnings ?? []) this.say('warning', w.question, 'warning', { question: this.question(w.question) });
    if (!r.pack.validated) this.say('caution', '', 'caution.not_validated');
    if (r.pack.secondary) this.say('caution', '', 'caution.secondary');
    this.say('provenance', r.pack.id, 'provenance', {
      pack: plain(`${r.pack.id} ${r.pack.version}`), hash: plain(r.pack.hash), profile: plain(`${r.profile.id} ${r.profile.version}`),
    });
  }

  private phrase(t: Text | undefined): Phrase {
    const w = wordingIn(t, this.lang);
    return { text: w.text, draft: w.draft };
  }

  private push(kind: string, about: string, text: string, lang: string, draft: boolean): void {
    this.lines.push({ kind, ...(about ? { about } : {}), text, lang, ...(draft ? { draft } : {}) });
  }

  private say(kind: string, about: string, key: string, slots: Record<string, Phrase> = {}): void {
    const w = wordingIn(wording[key], this.lang);
    let { text, draft } = w;
    for (const [name, p] of Object.entries(slots)) {
      text = text.split(`{${name}}`).join(p.text);
      draft = draft || p.draft;
    }
    this.push(kind, about, text, w.lang, draft);
  }

  private outcomes(): void {
    if (!this.profile) return;
    for (const kind of ['need', 'case']) {
      this.r.outcomes.forEach((f, i) => {
        if (f.kind !== kind || (kind === 'case' && f.state !== 'established')) return;
        const o = this.profile!.outcomes[i]!;
        if (!this.outcome(kind, f, o)) return;
        if (f.state === 'established' && o.offer && Object.keys(o.offer).length > 0) {
          const w = wordingIn(o.offer, this.lang);
          this.push('offer', f.id, w.text, w.lang, w.draft);
        }
      });
    }
  }

  /** What became of one outcome. That an absence was not seen would be a double negation: then it says nothing. */
  private outcome(kind: string, f: Finding, o: Outcome): boolean {
    const absent = absence.test(o.when);
    if (absent && f.state !== 'established') return false;
    this.say(kind, f.id, absent ? 'state.absence' : `state.${f.state}`, { title: this.phrase(o.title) });
    return true;
  }

  private next(): void {
    for (const n of this.r.next ?? []) {
      const o = this.profile?.outcomes.find((x) => x.id === n.target);
      if (n.target === 'offer' || !o) continue;
      this.say('next', n.target, n.questions.length === 1 ? 'next.one' : 'next.many', {
        title: this.phrase(o.title), count: plain(String(n.questions.length)), questions: joined(n.questions.map((q) => this.question(q)), ' / '),
      });
    }
  }

  private question(name: string): Phrase {
    const q = this.questions.get(name);
    return q?.label && Object.keys(q.label).length > 0 ? this.phrase(q.label) : plain(name);
  }

  private dimensions(): void {
    const rules = new Map(this.pack.data.rules.map((x) => [x.id, x.text]));
    this.r.dimensions.forEach((f, i) => {
      const d = this.pack.data.dimensions[i]!;
      const present = this.r.present.filter((p) => p.dimension === d.id);
      if (present.length === 0 && !f.certain) return;
      this.say('dimension', d.id, `state.${f.state}`, { title: this.phrase(d.title) });
      this.say('rule', d.id, 'rule', { rule: this.phrase(rules.get(d.rule)) });
      for (const p of present) this.indicator(p);
    });
  }

  private indicator(p: Present): void {
    const row = this.pack.data.indicators.find((x) => x.id === p.id);
    if (row) this.say('indicator', p.id, 'indicator', { text: this.phrase(row.text), strength: this.strength(p.strength) });
    for (const b of p.because) {
      this.say('answer', b.question, 'answer', { question: this.question(b.question), answer: joined(b.values.map((v) => this.answer(b.question, v)), ', ') });
    }
  }

  private strength(s: Strength): Phrase {
    const rule = this.r.population.rule;
    let one = rule === 'adult' ? s.adult : s.child;
    if (rule === 'both' && (s.adult ?? '') !== (s.child ?? '')) one = 'differs';
    return this.phrase(wording[`strength.${one || 'none'}`]);
  }

  private answer(question: string, value: string): Phrase {
    const label = this.questions.get(question)?.choice_labels?.[value];
    if (label) return this.phrase(label);
    return value === 'yes' || value === 'no' ? this.phrase(wording[`answer.${value}`]) : plain(value);
  }

  private views(): void {
    if (!this.profile) return;
    for (const v of this.r.views ?? []) {
      this.say('population', v.population, `view.${v.population}`);
      v.outcomes.forEach((f, i) => {
        if (f.state === 'established') this.outcome(f.kind, f, this.profile!.outcomes[i]!);
      });
    }
  }
}

function joined(list: Phrase[], by: string): Phrase {
  return { text: list.map((p) => p.text).join(by), draft: list.some((p) => p.draft) };
}
