/** `kf complete`, which the shells' scripts call at every Tab: silent about whatever goes wrong. */

import type { Context } from '../context.ts';
import { buildProgram } from '../program.ts';
import { complete } from './complete.ts';
import { keptByBash, wordsOf } from './line.ts';
import { type Completions, valuesFor } from './values.ts';

/** Milliseconds; whoever waits for a Tab waits no longer. */
const patience = 1500;

/** What a person still reads; more only slows the shell. */
const most = 1000;

/** @param args `line LINE BREAKS` (bash), or `words WORD…`; `kf` itself stands before a line, not before words */
export async function completeAction(context: Context, [form, ...rest]: readonly string[]): Promise<void> {
  const words = form === 'line' ? wordsOf(rest[0] ?? '').slice(1) : rest;
  const kept = form === 'line' ? keptByBash(words.at(-1) ?? '', rest[1] ?? '') : 0;
  const found = await Promise.race([
    candidates(context, words).catch((): Completions => []),
    new Promise<Completions>((resolve) => context.clock.after(patience, () => resolve([]))),
  ]);
  if (typeof found === 'string') return context.io.out(`:${found}\n`);
  const lines = found.slice(0, most).map(({ value, description }) => {
    const told = description === undefined || description === '' ? '' : `\t${description.replace(/\s+/g, ' ')}`;
    return `${value.slice(kept)}${told}\n`;
  });
  const open = found.length > 0 && found.every(({ value }) => /[:=]$/.test(value));
  await context.io.out(`${lines.join('')}${open ? ':nospace\n' : ''}`);
}

async function candidates(context: Context, words: readonly string[]): Promise<Completions> {
  const { commands } = await import('../commands.ts');
  const refuse = (): never => {
    throw new Error('only looked at');
  };
  const program = buildProgram({ commands, makeContext: refuse, write: () => {} });
  let asked: Context | undefined;
  try {
    return await complete({
      program,
      words,
      valuesFor,
      contextWith: (flags) => {
        asked ??= context.withFlags(flags);
        return asked;
      },
    });
  } finally {
    asked?.close();
  }
}
