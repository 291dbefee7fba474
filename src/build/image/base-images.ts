/** The images that a Dockerfile names: they have to be there before it is built, for a build fetches none. Pure. */

import { instructions } from './dockerfile-instructions.ts';

/**
 * @param buildArgs values for ARG before the first FROM
 * @returns references as the Dockerfile has them, each once, without `scratch` and the names of its own stages
 */
export function baseImages(dockerfile: string, buildArgs: ReadonlyMap<string, string> = new Map()): readonly string[] {
  const args = new Map(platformArgs());
  const stages = new Set<string>();
  const found = new Set<string>();
  let isInStage = false;
  for (const { instruction, rest } of instructions(dockerfile)) {
    if (instruction === 'ARG' && !isInStage) {
      for (const [name, value] of argumentsOf(rest)) {
        const given = buildArgs.get(name) ?? (value === undefined ? undefined : substitute(unquoted(value), args));
        if (given !== undefined) args.set(name, given);
      }
    } else if (instruction === 'FROM') {
      isInStage = true;
      const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      const image = unquoted(substitute(words[0] ?? '', args));
      if (image !== '' && image !== 'scratch' && !stages.has(image.toLowerCase())) found.add(image);
      if (words[1]?.toUpperCase() === 'AS' && words[2] !== undefined) stages.add(words[2].toLowerCase());
    } else
      for (const image of imagesOfFlags(instruction, rest))
        if (!stages.has(image.toLowerCase()) && !/^\d+$/.test(image)) found.add(image);
  }
  return [...found];
}

/** `--from=IMAGE` of COPY, `from=IMAGE` of RUN's mounts. */
function imagesOfFlags(instruction: string, rest: string): readonly string[] {
  const flags = rest.split(/\s+/).filter((word) => word.startsWith('--'));
  if (instruction === 'COPY' || instruction === 'ADD')
    return flags.flatMap((flag) => (flag.startsWith('--from=') ? [unquoted(flag.slice('--from='.length))] : []));
  if (instruction !== 'RUN') return [];
  return flags
    .filter((flag) => flag.startsWith('--mount='))
    .flatMap((flag) => flag.slice('--mount='.length).split(','))
    .flatMap((part) => (part.startsWith('from=') ? [unquoted(part.slice('from='.length))] : []));
}

/** `NAME`, `NAME=value`, `NAME="a value"`. */
const argumentsOf = (rest: string): readonly (readonly [string, string | undefined])[] =>
  [...rest.matchAll(/([A-Za-z_][A-Za-z0-9_]*)(?:=("[^"]*"|'[^']*'|\S*))?/g)].map(([, name = '', value]) => [
    name,
    value,
  ]);

const unquoted = (text: string): string => /^(["'])([\s\S]*)\1$/.exec(text)?.[2] ?? text;

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`. */
function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::([-+])([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g,
    (_, braced: string | undefined, how: string | undefined, other: string | undefined, plain: string | undefined) => {
      const value = values.get(braced ?? plain ?? '') ?? '';
      if (how === '-') return value === '' ? (other ?? '') : value;
      return how === '+' ? (value === '' ? '' : (other ?? '')) : value;
    },
  );
}

/** Known to every Dockerfile without being declared. */
function platformArgs(): ReadonlyMap<string, string> {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return new Map(
    ['TARGET', 'BUILD'].flatMap((of) => [
      [`${of}PLATFORM`, `linux/${architecture}`],
      [`${of}OS`, 'linux'],
      [`${of}ARCH`, architecture],
    ]),
  );
}
