/**
 * One interview, one tab. The tab that has it open holds a lock of the
 * browser (Web Locks), which goes with the tab however it ends. Another tab
 * says so, and on request asks it to store what it has and to let go; from
 * one that does not answer, because the system put it to sleep, the lock is
 * taken. What such a tab would still store is refused by the store itself
 * (Database.changeHeld): the lock is courtesy, the store is the wall.
 */
export interface Tab {
  /** Tries to be the one; false when another tab has it. */
  open(): Promise<boolean>;
  /** Asks the other tab to let go; 'busy' when it must not, e.g. while a person answers alone there. */
  takeOver(): Promise<'mine' | 'busy'>;
  /** The page is left: it is not in anybody's way from now on, and lets go when what it still stores is stored. */
  close(stored?: Promise<unknown>): void;
}

/**
 * How long an answer is waited for, in milliseconds. A tab in sight says in a
 * few that it has the interview; a page that was just left says nothing, and on
 * a busy phone the browser may take seconds to free what it held.
 */
const patience = { freed: 5000, again: 300, asked: 3000 };

type Message = 'who has it' | 'I have it' | 'let go' | 'busy';

/**
 * `yieldNow` stores what is open and says whether it may go; `lost` is told
 * when it has gone.
 */
export function oneTab(name: string, yieldNow: () => Promise<boolean>, lost: () => void, locks: LockManager | undefined = globalThis.navigator?.locks): Tab {
  const channel = new BroadcastChannel(name);
  let letGo: (() => void) | null = null;
  // A page that is left before its lock comes must not keep it, and what it still stores must not keep the next one away.
  let closed = false;

  /**
   * Waits for the lock until `stop`. Chromium loses an abort that comes in the
   * first milliseconds of a request (seen in 156): the request then waits on,
   * so it is given up here, and what comes after that is let go at once.
   */
  const hold = (options: LockOptions, stop?: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      if (!locks) return resolve(true);
      let mine = false;
      stop?.addEventListener('abort', () => resolve(false));
      locks
        .request(name, stop ? { ...options, signal: stop } : options, (lock) => {
          if (!lock || closed || stop?.aborted) return resolve(false);
          mine = true;
          resolve(true);
          return new Promise<void>((done) => (letGo = done));
        })
        .catch(() => {
          if (mine) {
            letGo = null;
            lost(); // taken from this tab
          }
          resolve(false);
        });
    });

  channel.onmessage = async ({ data }: MessageEvent<Message>) => {
    if (data === 'who has it' && letGo && !closed) channel.postMessage('I have it');
    if (data !== 'let go' || !letGo) return;
    const yielded = await yieldNow();
    if (closed) return;
    if (!yielded) return channel.postMessage('busy');
    letGo?.();
    letGo = null;
    lost();
  };

  return {
    async open() {
      const stop = new AbortController();
      const late = setTimeout(() => stop.abort(), patience.freed);
      const answer = ({ data }: MessageEvent<Message>): void => {
        if (data === 'I have it') stop.abort();
      };
      channel.addEventListener('message', answer);
      const got = hold({}, stop.signal);
      const ask = (): void => channel.postMessage('who has it' satisfies Message);
      ask();
      const again = setInterval(ask, patience.again); // one that has only just got it hears the second time
      return got.finally(() => {
        clearTimeout(late);
        clearInterval(again);
        channel.removeEventListener('message', answer);
      });
    },
    async takeOver() {
      const stop = new AbortController();
      const busy = new Promise<'busy'>((resolve) => channel.addEventListener('message', ({ data }: MessageEvent<Message>) => data === 'busy' && resolve('busy')));
      const late = setTimeout(() => stop.abort(), patience.asked);
      channel.postMessage('let go');
      const got = await Promise.race([busy, hold({}, stop.signal)]);
      clearTimeout(late);
      if (got === 'busy') {
        stop.abort();
        return 'busy';
      }
      if (!got) await hold({ steal: true });
      return 'mine';
    },
    close(stored = Promise.resolve()) {
      closed = true;
      void stored.finally(() => {
        letGo?.();
        letGo = null;
        channel.close();
      });
    },
  };
}
