/** Versions of a hub's resources: `0.6`, or a constraint like `>= 0.6.0, < 1` or `~> 0.6`. Pure. */

interface Version {
  readonly numbers: readonly number[];
  /** After a `-`; empty for a release. */
  readonly pre: string;
}

export function parseVersion(text: string): Version | undefined {
  const found = /^v?(\d{1,9}(?:\.\d{1,9})*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text.trim());
  if (found === null) return undefined;
  return { numbers: found[1]!.split('.').map(Number), pre: found[2] ?? '' };
}

/** @returns below 0, 0 or above 0 */
export function compareVersions(a: Version, b: Version): number {
  for (let index = 0; index < Math.max(a.numbers.length, b.numbers.length); index++) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre === b.pre) return 0;
  // A pre-release is older than its release.
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1;
  return a.pre < b.pre ? -1 : 1;
}

const operators: Readonly<Record<string, (found: Version, wanted: Version) => boolean>> = {
  '=': (found, wanted) => compareVersions(found, wanted) === 0,
  '!=': (found, wanted) => compareVersions(found, wanted) !== 0,
  '>': (found, wanted) => compareVersions(found, wanted) > 0,
  '<': (found, wanted) => compareVersions(found, wanted) < 0,
  '>=': (found, wanted) => compareVersions(found, wanted) >= 0,
  '<=': (found, wanted) => compareVersions(found, wanted) <= 0,
  // All but the last number given stay.
  '~>': (found, wanted) => {
    const fixed = Math.max(1, wanted.numbers.length - 1);
    const same = wanted.numbers.slice(0, fixed).every((number, index) => (found.numbers[index] ?? 0) === number);
    return same && compareVersions(found, wanted) >= 0;
  },
};

/** A predicate of versions; undefined when the text is no constraint. A plain version means `=`. */
export function parseConstraint(text: string): ((version: Version) => boolean) | undefined {
  const checks = text.split(',').map((part) => {
    const found = /^\s*(=|!=|>=|<=|>|<|~>)?\s*(\S+)\s*$/.exec(part);
    const wanted = parseVersion(found?.[2] ?? '');
    if (found === null || wanted === undefined) return undefined;
    const holds = operators[found[1] ?? '=']!;
    // A version before a release is meant only where one is named.
    return (version: Version) => (version.pre === '' || wanted.pre !== '') && holds(version, wanted);
  });
  if (checks.some((check) => check === undefined)) return undefined;
  return (version) => checks.every((check) => check!(version));
}
