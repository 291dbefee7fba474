/** `kf doctor`: prints what the node's checks find, and mends it when asked. */

import { execFileSync } from 'node:child_process';
import type { CheckResult } from '../node/doctor/check.ts';
import { diagnose } from '../node/doctor/checks.ts';

/** The exit code: 0 when everything that the server needs is there. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const json = args.includes('json');
  const fix = args.includes('--fix');
  const results: CheckResult[] = [];
  for await (const result of diagnose({ dataDir: process.env.KF_HOME || '/var/lib/kf' })) {
    results.push(result);
    if (!json) print(result);
  }
  const failed = results.filter((result) => !result.ok && !result.optional);
  if (json) console.log(JSON.stringify(results, undefined, 2));
  if (failed.length === 0) return 0;
  const commands = [...new Set(failed.map((result) => result.fix).filter((command) => command !== undefined))];
  if (!fix) {
    if (!json && commands.length > 0) console.log(`\nTo mend it: kf doctor --fix, or:\n  ${commands.join('\n  ')}`);
    return 1;
  }
  for (const command of commands) {
    console.log(`\n$ ${command}`);
    execFileSync('/bin/sh', ['-c', command], { stdio: 'inherit' });
  }
  return runDoctor(args.filter((arg) => arg !== '--fix'));
}

function print({ name, ok, optional, detail }: CheckResult): void {
  const mark = ok ? 'ok  ' : optional ? 'note' : 'FAIL';
  console.log(`${mark}  ${name.padEnd(16)} ${detail}`);
}
