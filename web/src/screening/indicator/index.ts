/**
 * The indicator engine on the device: the port of the Go package
 * screening/indicator, held equal to it by screening/indicator/testdata/vectors.json.
 * Why a port and not WebAssembly: docs/decisions/0120-scoring-on-the-device.md.
 */
export { explain, type Line } from './explain.ts';
export { wordingIn, type PackData, type Text, type Wording } from './pack.ts';
export type { Answer, Answers, State } from './program.ts';
export { loadPack, Pack, packHash, score, type Finding, type FindingState, type Next, type Options, type Present, type Result } from './score.ts';
