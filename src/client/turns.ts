/**
 * Turns on the event loop. What controllers do in this process goes from promise to promise: a thousand keys that are
 * due together would keep sockets and files waiting until the last one is done. Work asks for its turn here.
 */

/** Milliseconds after which sockets and files get their chance. */
const longestTurn = 8;

/** When this turn of the event loop began to work on keys, if it has. */
let began: number | undefined;
let scheduled = false;
const urgent: (() => void)[] = [];
const others: (() => void)[] = [];

/** Undefined when work may go on at once; else resolves when it may, the urgent before the others. */
export function turn(isUrgent: boolean): Promise<void> | undefined {
  began ??= begin();
  if (!scheduled && performance.now() - began < longestTurn) return undefined;
  return new Promise((resolve) => {
    (isUrgent ? urgent : others).push(resolve);
    schedule();
  });
}

function begin(): number {
  setImmediate(() => {
    began = undefined;
  });
  return performance.now();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(next);
}

/** One at a time: how long it takes is known only when it is done. */
function next(): void {
  scheduled = false;
  began ??= begin();
  (urgent.shift() ?? others.shift())?.();
  if (urgent.length > 0 || others.length > 0) schedule();
}

/**
 * Resolves when this turn of the event loop is over, and sockets and files had theirs. For a write that nobody waits for:
 * what was made just before goes ahead of it, and so do answers.
 */
export const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
