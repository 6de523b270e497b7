import { explain, Pack as Engine, score, type PackData, type Result as Scored } from '@/screening/indicator';
import type { Pack, Result, Scorer } from './scoring';

/** The indicator engine over one pack; `hash` is the one the node gave with it. */
export function openScorer(data: unknown, hash: string): Scorer {
  const engine = new Engine(data as PackData, hash);
  return {
    pack: data as Pack,
    score(leaves, states, finished) {
      const answers = engine.answersFromForm(leaves);
      for (const [question, state] of Object.entries(states)) answers[question] = { state };
      return score(engine, answers, { finished, noNext: finished }) as Result;
    },
    explain: (result, language) => explain(engine, result as Scored, language),
  };
}
