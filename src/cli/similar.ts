/** What may have been meant by a name that does not exist. Pure, but for the list that it asks for. */

import type { AnyKind, Client } from '../client/client.ts';

/** The name that is as good as the given one: two letters or a third of it are wrong at most. */
export function mostSimilar(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const found = distance(name, candidate);
    if (found >= least) continue;
    [best, least] = [candidate, found];
  }
  return best;
}

/** How many letters are to be put in, taken out, changed or swapped with their neighbours. */
function distance(a: string, b: string): number {
  let twoBefore: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(changed, before[j]! + 1, row[j - 1]! + 1, isSwapped ? twoBefore[j - 2]! + 1 : changed));
    }
    [twoBefore, before] = [before, row];
  }
  return before[b.length]!;
}

/** `; did you mean "x"?`, or nothing. It goes behind an error: whatever fails is not told. */
export async function didYouMean(client: Client, kind: AnyKind, name: string, namespace?: string): Promise<string> {
  const options = namespace === undefined ? {} : { namespace };
  const found = await client.list(kind, options).catch(() => undefined);
  const similar = mostSimilar(
    name,
    (found?.items ?? []).map(({ metadata }) => metadata.name),
  );
  return similar === undefined ? '' : `; did you mean "${similar}"?`;
}
