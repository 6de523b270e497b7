import { shallowRef, type ShallowRef } from 'vue';

/**
 * What the app itself says to the traveller, in the traveller's language:
 * data, one file per language, each marked while no speaker has checked it.
 */
export type TravellerTexts = typeof import('./en.json');
export type TravellerKey = Exclude<keyof TravellerTexts, '_meta'>;

const files = import.meta.glob<{ default: TravellerTexts }>('./*.json');

export const travellerLanguages: readonly string[] = Object.keys(files).map((path) => path.slice(2, -5));

/** The texts for a language code, English with `found: false` where we have none. */
export async function travellerTexts(code: string): Promise<{ texts: TravellerTexts; language: string; found: boolean; draft: boolean }> {
  const base = code.toLowerCase().split('-')[0] ?? '';
  const path = [`./${code}.json`, `./${base}.json`].find((one) => one in files);
  const texts = (await files[path ?? './en.json']!()).default;
  return { texts, language: path ? base : 'en', found: path !== undefined, draft: texts._meta?.draft === true };
}

export type Loaded = Awaited<ReturnType<typeof travellerTexts>>;
export const loadedTexts = (): ShallowRef<Loaded | null> => shallowRef(null);
