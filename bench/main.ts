/** `npm run bench`: the numbers of the design, each with its target and the cause of a gap. */

import { parseArgs } from 'node:util';
import { rows } from './rows/all.ts';
import { describeEnvironment, loadText } from './support/environment.ts';
import { type Figure, met, type Row } from './support/row.ts';
import { Workspace } from './support/workspace.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

interface Measured {
  readonly row: string;
  readonly load: string;
  readonly figures: readonly Figure[];
  readonly error?: string;
}

async function main(): Promise<number> {
  const names = values.only.flatMap((list) => list.split(','));
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (values.help || unknown.length > 0) return usage(unknown);
  if (process.getuid?.() !== 0) throw new Error('the bench runs containers: it needs root');
  const chosen = rows.filter((row) => (names.length > 0 ? names.includes(row.name) : !(values.quick && row.long)));
  const environment = await describeEnvironment();
  if (!values.json) for (const [name, text] of Object.entries(environment)) console.log(`${name.padEnd(12)}${text}`);
  const workspace = new Workspace();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void workspace.close().then(() => process.exit(130)));
  const measured: Measured[] = [];
  try {
    for (const row of chosen) {
      const result = await measure(row, workspace);
      measured.push(result);
      if (!values.json) print(row, result);
    }
  } finally {
    await workspace.close();
  }
  if (values.json) console.log(JSON.stringify({ environment, rows: measured.map(withVerdicts) }, undefined, 2));
  return measured.some(({ error }) => error !== undefined) ? 1 : 0;
}

async function measure(row: Row, workspace: Workspace): Promise<Measured> {
  const before = loadText();
  const progress = (text: string): void => {
    if (process.stderr.isTTY || process.env.KF_BENCH_VERBOSE) console.error(`  ${row.name}: ${text}`);
  };
  try {
    const figures = await row.run({ workspace, quick: values.quick, progress });
    return { row: row.name, load: `${before} at its start, ${loadText()} at its end`, figures };
  } catch (error) {
    return { row: row.name, load: before, figures: [], error: (error as Error).message };
  }
}

function print(row: Row, { figures, load, error }: Measured): void {
  console.log(`\n${row.name}: ${row.what}\n    (${load})`);
  if (error !== undefined) console.log(`    could not be measured: ${error}`);
  for (const figure of figures) {
    const verdict = met(figure);
    const mark = verdict === undefined ? '     ' : verdict ? 'pass ' : 'FAIL ';
    console.log(`${mark}${figure.what.padEnd(50)} ${format(figure).padStart(10)}${targetOf(figure)}`);
    for (const detail of figure.details ?? []) console.log(`       ${detail}`);
    if (verdict === false && figure.cause !== undefined) console.log(`       cause: ${figure.cause}`);
  }
}

const digits = (unit: string): number => (unit === 'x' || unit === 's' ? 2 : 1);
const format = ({ value, unit }: Figure): string => `${value.toFixed(digits(unit))} ${unit}`;

function targetOf({ target, unit }: Figure): string {
  if (target === undefined) return '';
  return 'most' in target ? `   target ≤ ${target.most} ${unit}` : `   target ≥ ${target.least} ${unit}`;
}

const withVerdicts = (measured: Measured) => ({
  ...measured,
  figures: measured.figures.map((figure) => ({ ...figure, pass: met(figure) })),
});

function usage(unknown: readonly string[]): number {
  for (const name of unknown) console.error(`there is no row "${name}"`);
  const lines = rows.map(({ name, what, long }) => `  ${name.padEnd(16)} ${what}${long ? ' (not with --quick)' : ''}`);
  console.log(`usage: npm run bench -- [--json] [--quick] [--only ROW[,ROW]]…\n\nrows:\n${lines.join('\n')}`);
  return unknown.length > 0 ? 2 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(`bench: ${error.message}`);
    process.exit(1);
  },
);
