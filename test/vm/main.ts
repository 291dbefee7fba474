/** `npm run test:vm`: what needs a machine of its own: systemd, cgroup v2, reboots, power cuts. */

import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseAccelerator } from './accelerator.ts';
import { type Check, type Outcome, runChecks } from './check.ts';
import { Guest } from './guest.ts';
import { ensureImage } from './image.ts';
import { Machine } from './machine.ts';
import { type Options, parseOptions, type RuntimeName, type SuiteName, usage } from './options.ts';
import { makeSourceDisk } from './source-disk.ts';
import { e2eChecks } from './suites/e2e.ts';
import { powerCutChecks } from './suites/power-cut.ts';
import { rebootChecks } from './suites/reboot.ts';
import { systemdChecks } from './suites/systemd.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const say = (text: string): void => console.log(text);

interface Result extends Outcome {
  readonly runtime: RuntimeName;
  readonly suite: SuiteName;
}

const checksOf = (suite: SuiteName, { vitest }: Options): readonly Check[] =>
  ({
    systemd: () => systemdChecks,
    reboot: () => rebootChecks,
    'power-cut': () => powerCutChecks,
    e2e: () => e2eChecks(vitest, (text) => process.stdout.write(text)),
  })[suite]();

async function main(options: Options): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('this installs Debian into a folder: it needs root');
  const image = await ensureImage(options.cache, say);
  const accelerator = options.accelerator ?? (await chooseAccelerator(image));
  if (accelerator === 'tcg') say('Without KVM: everything takes some twenty times as long.');
  const run = join(options.cache, 'run');
  await mkdir(run, { recursive: true });
  const results: Result[] = [];
  for (const runtime of options.runtimes) {
    for (const suite of options.suites) {
      // Each on a machine as new: what one has left must not help or hinder the next.
      const folder = join(run, `${suite}-${runtime}`);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const sourceDisk = join(folder, 'source.img');
      const source = await makeSourceDisk(root, folder, sourceDisk);
      const machine = await Machine.create({ image, accelerator, folder, sourceDisk });
      const end = endWith(machine);
      say(`\n${suite} with ${runtime} (Debian under qemu, ${accelerator}; ${source}); console: ${machine.consoleLog}`);
      try {
        await machine.boot();
        await prepare(machine, runtime);
        const report = (outcome: Outcome): void => say(lineOf(outcome));
        const outcomes = await runChecks(checksOf(suite, options), new Guest(machine, runtime), report);
        results.push(...outcomes.map((outcome) => ({ ...outcome, runtime, suite })));
      } catch (error) {
        const reason = (error as Error).message;
        results.push({ name: 'the virtual machine', result: 'failed', seconds: 0, reason, runtime, suite });
        say(reason);
      } finally {
        if (options.keep) say(`It goes on running. To enter it: ${machine.login('root').join(' ')}`);
        else await end();
      }
    }
  }
  return summary(results, options);
}

/** crun is preferred where it works; for runc it goes. */
async function prepare(machine: Machine, runtime: RuntimeName): Promise<void> {
  if (runtime === 'runc') await machine.ok('chmod a-x /usr/bin/crun');
}

/** Ends the machine, also when this process is told to end. */
function endWith(machine: Machine): () => Promise<void> {
  const onSignal = (): void => void machine.cutPower().then(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  return async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
    await machine.cutPower();
  };
}

const marks = { passed: 'ok', failed: 'FAILED', skipped: 'skipped' } as const;

const lineOf = ({ name, result, seconds, reason }: Outcome): string =>
  `  ${marks[result].padEnd(8)}${name} (${seconds.toFixed(0)} s)${reason === undefined ? '' : `\n${indented(reason)}`}`;

const indented = (text: string): string => text.replace(/^/gm, '          ');

function summary(results: readonly Result[], { runtimes, suites }: Options): number {
  say(
    `\n${'suite'.padEnd(12)}${'runtime'.padEnd(10)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(9)}`,
  );
  for (const suite of suites) {
    for (const runtime of runtimes) {
      const own = results.filter((result) => result.suite === suite && result.runtime === runtime);
      const count = (wanted: Outcome['result']): string => String(own.filter(({ result }) => result === wanted).length);
      say(
        `${suite.padEnd(12)}${runtime.padEnd(10)}${count('passed').padStart(8)}${count('failed').padStart(8)}${count('skipped').padStart(9)}`,
      );
    }
  }
  return results.length > 0 && results.every(({ result }) => result === 'passed') ? 0 : 1;
}

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === 'help') console.log(usage);
  else process.exitCode = await main(options);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
