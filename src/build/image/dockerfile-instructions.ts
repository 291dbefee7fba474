/** The instructions of a Dockerfile. Pure. */

export interface Instruction {
  /** Where it begins, from 1. */
  readonly line: number;
  /** In capitals. */
  readonly instruction: string;
  readonly rest: string;
  /** Whether here-documents follow, with their ends. */
  readonly hasHereDocument: boolean;
}

/** Lines with their continuations put together, without comments and here-documents. */
export function* instructions(dockerfile: string): Iterable<Instruction> {
  const escapeSign = /^#[ \t]*escape[ \t]*=[ \t]*(\S)/im.exec(directives(dockerfile))?.[1] === '`' ? '`' : '\\';
  const continued = new RegExp(`${escapeSign === '`' ? '`' : '\\\\'}[ \\t]*$`);
  const lines = dockerfile.replace(/^\ufeff/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    if (isIgnored(lines[index]!)) continue;
    const begin = index + 1;
    let line = lines[index]!;
    while (continued.test(line) && index + 1 < lines.length) {
      line = line.replace(continued, '');
      // Comments and empty lines do not end an instruction.
      while (index + 1 < lines.length && isIgnored(lines[index + 1]!)) index++;
      line += lines[++index] ?? '';
    }
    const [, instruction = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
    const last = index;
    for (const [, end] of heredocsOf(instruction, rest)) {
      const at = lines.findIndex((one, place) => place > index && one.replace(/^\t+/, '') === end);
      if (at > index) index = at;
    }
    const hasHereDocument = index > last;
    yield { line: begin, instruction: instruction.toUpperCase(), rest: rest.trim(), hasHereDocument };
  }
}

const isIgnored = (line: string): boolean => /^\s*(#|$)/.test(line);

/** The comments that the file begins with. */
const directives = (text: string): string => /^(?:#.*(?:\r?\n|$))*/.exec(text)?.[0] ?? '';

const heredocsOf = (instruction: string, rest: string) =>
  /^(RUN|COPY|ADD)$/i.test(instruction) ? [...rest.matchAll(/<<-?["']?([A-Za-z_][A-Za-z0-9_]*)["']?/g)] : [];
