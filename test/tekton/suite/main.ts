/** `npm run test:tekton`: runs a folder of manifests and prints what became of each. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration } from '../../../src/resources/duration.ts';
import { type Report, runFolder } from './run-folder.ts';

const help = `Usage: KF_TEKTON_EXAMPLES=DIR npm run test:tekton -- [flags] [DIR]

Runs each file of a folder of Tekton manifests in a namespace of its own, on a server of its own,
and waits for every run that it makes to succeed.

Flags:
  --only <REGEXP>       paths within the folder
  --jobs <N>            files at a time; default 3
  --timeout <DURATION>  for one file; default 5m
  --keep                leave the namespaces and the server
  -o, --output json     instead of the table
  -h, --help            this text`;

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    jobs: { type: 'string', default: '3' },
    timeout: { type: 'string', default: '5m' },
    keep: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(help);
else process.exitCode = await main();

async function main(): Promise<number> {
  const folder = positionals[0] ?? process.env.KF_TEKTON_EXAMPLES;
  if (folder === undefined || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    console.error(`${folder === undefined ? 'No folder is named' : `${folder} is no folder`}.\n\n${help}`);
    return 2;
  }
  const timeout = parseDuration(values.timeout);
  if (timeout === undefined) {
    console.error(`--timeout ${values.timeout} is no duration, like 90s or 5m.`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  const asJson = values.output === 'json';
  const reports = await runFolder({
    folder: resolve(folder),
    ...(values.only === undefined ? {} : { only: new RegExp(values.only) }),
    jobs: Math.max(1, Number(values.jobs) || 1),
    timeout,
    signal: stop.signal,
    keep: values.keep,
    onDone: (report) => asJson || console.log(line(report)),
  });
  const count = (result: Report['result']) => reports.filter((report) => report.result === result).length;
  if (asJson) console.log(JSON.stringify(reports, null, 2));
  else console.log(summary(reports));
  if (!asJson) console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  return count('failed') === 0 && count('passed') > 0 ? 0 : 1;
}

function line({ path, result, reason, duration }: Report): string {
  const time = result === 'skipped' ? '' : `${(duration / 1000).toFixed(1)} s`;
  return [result.padEnd(8), time.padStart(7), path, reason?.replaceAll(/\s+/g, ' ').slice(0, 200) ?? '']
    .join('  ')
    .trimEnd();
}

/** Once more in full, what failed and why. */
function summary(reports: readonly Report[]): string {
  const failed = reports.filter(({ result }) => result === 'failed');
  return failed.map(({ path, reason, log }) => `\n${path}\n  ${reason}\n${log ?? ''}`).join('\n');
}
