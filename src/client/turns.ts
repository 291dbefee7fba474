/**
 * Turns on the event loop. What controllers do in this process goes from promise to promise: a thousand keys that are
 * due together would keep sockets and files waiting until the last one is done. Work asks for its turn here.
 */

/** Milliseconds after which sockets and files get their chance. */
const longestTurn = 8;

let began = performance.now();
let scheduled = false;
const urgent: (() => void)[] = [];
const others: (() => void)[] = [];

/** Undefined when work may go on at once; else resolves when it may, the urgent before the others. */
export function turn(isUrgent: boolean): Promise<void> | undefined {
  if (!scheduled && performance.now() - began < longestTurn) return undefined;
  return new Promise((resolve) => {
    (isUrgent ? urgent : others).push(resolve);
    schedule();
  });
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(next);
}

/** One at a time: how long it takes is known only when it is done. */
function next(): void {
  scheduled = false;
  began = performance.now();
  (urgent.shift() ?? others.shift())?.();
  if (urgent.length > 0 || others.length > 0) schedule();
}
