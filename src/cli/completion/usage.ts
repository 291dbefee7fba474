/** Which words may stand at a place of a command line, out of the usage that its help shows. Pure. */

/**
 * `{TASK_NAME | APP_NAME TASK_ID}` at 0: `TASK_NAME`, `APP_NAME`; at 1: `TASK_ID`. An optional word may be left out, so
 * that what follows may stand in its place.
 * @param usage without the command's name; flags in it do not count
 */
export function placeholdersAt(usage: string, place: number): readonly string[] {
  const lines = sequences(usage.replace(/\[flags\]/g, '').trim());
  return [...new Set(lines.flatMap((line) => wordAt(line, place) ?? []))];
}

function wordAt(line: readonly string[], place: number): string | undefined {
  const last = line.at(-1);
  const repeats = last?.endsWith('...') === true;
  const word = place < line.length ? line[place] : repeats ? last : undefined;
  return word?.replace(/\.\.\.$/, '');
}

/** Every line that the usage allows. */
function sequences(usage: string): readonly (readonly string[])[] {
  if (usage === '') return [[]];
  const [, group, optional, plain, rest = ''] = /^(?:\{([^}]*)\}|\[([^\]]*)\]|(\S+))\s*(.*)$/.exec(usage) ?? [];
  const firsts =
    group !== undefined
      ? group
          .split(' | ')
          .filter((one) => !one.startsWith('-'))
          .map((one) => one.split(' '))
      : optional !== undefined
        ? [[], optional.split(' ')]
        : [[plain ?? '']];
  return firsts.flatMap((first) => sequences(rest).map((others) => [...first, ...others]));
}
