import type { DeskPages } from './desk';

const found = import.meta.glob<DeskPages>('../*/routes.ts', { eager: true, import: 'default' });

/** The desks whose folders are here, in the order of the menu. */
export const desks: readonly DeskPages[] = Object.values(found).sort((a, b) => a.order - b.order);
