/** `kf doctor`: prints what the node's checks find, and mends it when asked. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ownKubeconfig } from '../cli/server/own-kubeconfig.ts';
import type { CheckResult } from '../node/doctor/check.ts';
import { diagnose } from '../node/doctor/checks.ts';
import { errorMessage } from '../resources/errors.ts';

/** The exit code: 0 when everything that the server needs is there. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const format = args.find((arg) => arg === 'json' || arg === 'yaml');
  const fix = args.includes('--fix');
  const results: CheckResult[] = [];
  const dataDir = process.env.KF_HOME || '/var/lib/kf';
  for await (const result of everything(dataDir)) {
    results.push(result);
    if (format === undefined) print(result);
  }
  if (format === undefined) for (const advice of advices(results)) console.log(`\n${advice}`);
  const failed = results.filter((result) => !result.ok && !result.optional);
  const offered = results.filter((result) => !result.ok && (!result.optional || result.offered));
  const mends = fix && offered.length > 0;
  // What is mended first is looked at again: stdout has one document.
  if (format === 'json' && !mends) console.log(JSON.stringify(results, undefined, 2));
  if (format === 'yaml' && !mends) console.log(stringify(results, { lineWidth: 0, compat: 'yaml-1.1' }).trimEnd());
  const commands = [...new Set(offered.map((result) => result.fix).filter((command) => command !== undefined))];
  const code = failed.length === 0 ? 0 : 1;
  if (!mends) {
    const what = code === 0 ? 'To have all' : 'To mend it';
    if (format === undefined && commands.length > 0)
      console.log(`\n${what}: kf doctor --fix, or:\n  ${commands.join('\n  ')}`);
    return code;
  }
  for (const command of commands) {
    const [say, out] = format === undefined ? [console.log, 1] : [console.error, 2];
    say(`\n$ ${command}`);
    execFileSync('/bin/sh', ['-c', command], { stdio: ['inherit', out, 2] });
  }
  return runDoctor(args.filter((arg) => arg !== '--fix'));
}

const advices = (results: readonly CheckResult[]): ReadonlySet<string> =>
  new Set(results.flatMap(({ ok, advice }) => (ok || advice === undefined ? [] : [advice])));

async function* everything(dataDir: string): AsyncIterable<CheckResult> {
  const access = await lookAtAccess(dataDir);
  if (access !== undefined) yield access;
  // Whoever may use a server need not be able to run one.
  for await (const result of diagnose({ dataDir }))
    yield result.name === 'root' && access?.ok ? { ...result, optional: true } : result;
}

/** For a user who is not root: whether they may use the server of this machine, where there is one. */
async function lookAtAccess(dataDir: string): Promise<CheckResult | undefined> {
  if (process.getuid?.() === 0 || !existsSync(dataDir)) return undefined;
  const kubeconfig = join(dataDir, 'kubeconfig');
  try {
    await ownKubeconfig({ dataDir, kubeconfig });
    return { name: 'access', ok: true, detail: `you may use the server in ${dataDir}` };
  } catch (error) {
    return { name: 'access', ok: false, detail: errorMessage(error).replace('\n', '. ') };
  }
}

function print({ name, ok, optional, detail }: CheckResult): void {
  const mark = ok ? 'ok  ' : optional ? 'note' : 'FAIL';
  console.log(`${mark}  ${name.padEnd(16)} ${detail}`);
}
