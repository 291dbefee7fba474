/**
 * The code blocks of a Markdown page, with what the page says, in comments that no reader sees, about how to test them:
 *
 *     <!-- test            commands that are run at this place, one a line -->
 *     <!-- test: skip REASON -->      the next block cannot be run
 *     <!-- test: chroot REASON -->    the next block cannot be run in a chroot
 *     <!-- test: file NAME -->        the next block is written into this file
 *     <!-- test: exit N -->           the last command of the next block ends with N
 *
 * Pure.
 */

export interface Block {
  /** Of the opening fence or comment, from 1. */
  readonly line: number;
  /** `hidden`: commands in a comment. */
  readonly language: string;
  readonly text: string;
  readonly skip?: string;
  readonly chroot?: string;
  readonly file?: string;
  readonly exit?: number;
}

const shells = ['', 'sh', 'console', 'hidden'];

/** Whether its lines are commands. */
export const isShell = ({ language, file }: Block): boolean => shells.includes(language) && file === undefined;

type Marks = { -readonly [K in 'skip' | 'chroot' | 'file' | 'exit']?: Block[K] };

/** @throws Error naming the line of a mark or block that makes no sense */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  let marks: Marks = {};
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const fail = (what: string) => new Error(`line ${at + 1}: ${what}: ${line}`);
    if (/^<!-- test\b/.test(line)) {
      const end = lines.findIndex((one, index) => index >= at && one.endsWith('-->'));
      if (end < 0) throw fail('a comment without an end');
      if (end === at) marks = { ...marks, ...markOf(line, fail) };
      else blocks.push({ line: at + 1, language: 'hidden', text: lines.slice(at + 1, end).join('\n') });
      at = end;
    } else if (/^\s*```/.test(line)) {
      const indent = /^\s*/.exec(line)![0];
      const end = lines.findIndex((one, index) => index > at && one === `${indent}\`\`\``);
      if (end < 0) throw fail('a block without an end');
      const text = lines.slice(at + 1, end).map((one) => one.slice(indent.length));
      blocks.push({ line: at + 1, language: line.trim().slice(3), text: text.join('\n'), ...marks });
      marks = {};
      at = end;
    } else if (/^ {4}\S/.test(line) && (lines[at - 1] ?? '') === '') throw fail('code without a fence');
    else if (line !== '' && Object.keys(marks).length > 0) throw fail('a mark stands before a block');
  }
  return blocks;
}

function markOf(line: string, fail: (what: string) => Error): Marks {
  const [, name, value] = /^<!-- test: (\w+) (.+) -->$/.exec(line) ?? [];
  if (name === 'skip' || name === 'chroot' || name === 'file') return { [name]: value };
  if (name === 'exit' && /^\d+$/.test(value!)) return { exit: Number(value) };
  throw fail('an unknown mark');
}

export interface Step {
  /** Of the page, from 1. */
  readonly line: number;
  readonly command: string;
  /** What the page shows of its output; undefined where it shows none. */
  readonly output?: string;
}

/**
 * A block with prompts shows the output of its commands, another one holds commands only.
 * @param isComplete whether a shell would take the lines so far
 */
export function stepsOf({ line, text }: Block, isComplete: (command: string) => boolean): readonly Step[] {
  const lines = text.split('\n');
  const prompts = lines.some((one) => one.startsWith('$ '));
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (lines[at]!.trim() === '' || lines[at]!.trimStart().startsWith('#')) continue;
    if (prompts && !lines[at]!.startsWith('$ ')) throw new Error(`line ${line + at + 1}: output before a command`);
    const first = at;
    let command = prompts ? lines[at]!.slice(2) : lines[at]!;
    while (!isComplete(command) && at + 1 < lines.length) command += `\n${lines[++at]!}`;
    const output: string[] = [];
    while (prompts && at + 1 < lines.length && !lines[at + 1]!.startsWith('$ ')) output.push(lines[++at]!);
    const shown = output.join('\n').trimEnd();
    steps.push({ line: line + first + 1, command, ...(shown === '' ? {} : { output: shown }) });
  }
  return steps;
}
