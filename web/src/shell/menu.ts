import { computed, type ComputedRef } from 'vue';
import { useSession } from '@/session/session';
import type { MenuEntry } from './desk';
import { desks } from './desks';

/** The entries of one desk; `name` is its one word, the first part of its addresses. */
export interface MenuGroup {
  name: string;
  entries: MenuEntry[];
}

/** What the person who is signed in may open, desk by desk. */
export function useMenu(): ComputedRef<MenuGroup[]> {
  const session = useSession();
  return computed(() =>
    desks
      .map((desk) => desk.menu.filter((entry) => !entry.roles || session.has(...entry.roles)))
      .filter((entries) => entries.length > 0)
      .map((entries) => ({ name: entries[0]!.to.split('/')[1]!, entries })),
  );
}

/** The entry under which a page stands: the longest address that the page's own begins with. */
export function entryOf(groups: readonly MenuGroup[], path: string): string | undefined {
  return groups
    .flatMap((group) => group.entries.map((entry) => entry.to))
    .filter((to) => path === to || path.startsWith(`${to}/`))
    .sort((a, b) => b.length - a.length)[0];
}
