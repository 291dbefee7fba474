/** Whose turn it is in a line of runs. Pure. */

export interface Place {
  readonly uid: string;
  /** For messages. */
  readonly name: string;
  /** It runs: nobody is before it. */
  readonly hasStarted: boolean;
  /** RFC 3339. */
  readonly created: string;
}

/** The runs ahead of a run, oldest first; none where it is among the first `limit`. */
export function behind(line: readonly Place[], uid: string, limit: number): readonly Place[] {
  const sorted = [...line].sort(compare);
  const index = sorted.findIndex((place) => place.uid === uid);
  return index < limit ? [] : sorted.slice(0, index);
}

/** The same for everybody, over any Client; here UIDs tell what came first within a second (apiserver/uid.ts). */
function compare(a: Place, b: Place): number {
  if (a.hasStarted !== b.hasStarted) return a.hasStarted ? -1 : 1;
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.uid < b.uid ? -1 : 1;
}
