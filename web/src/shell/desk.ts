import type { RouteRecordRaw } from 'vue-router';
import type { Role } from '@/session/session';

/** An entry of the menu. `label` is a text key of the desk; `roles` hides the entry from others. */
export interface MenuEntry {
  to: string;
  label: string;
  roles?: readonly Role[];
}

/**
 * What a desk gives the shell: src/<folder>/routes.ts exports one as default.
 * Pages are loaded when they are opened: component: () => import('./X.vue').
 */
export interface DeskPages {
  /** Place in the menu, smallest first; by tens. */
  order: number;
  /** Entries of the menu, which stand under `shell.desks.<first part of their address>.name`. */
  menu: readonly MenuEntry[];
  /** Paths begin with the desk's name. meta: { public: true } for a page without sign-in. */
  routes: readonly RouteRecordRaw[];
}
