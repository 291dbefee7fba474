/** The project's own end-to-end suite, in the virtual machine. */

import { type Check, expectMatch } from '../check.ts';
import { program } from '../guest.ts';

const seconds = 20 * 60;

/** @param vitest further arguments: files, `-t` */
export const e2eChecks = (vitest: readonly string[], progress: (text: string) => void): readonly Check[] => [
  {
    name: `end-to-end suite${vitest.length === 0 ? '' : `: ${vitest.join(' ')}`}`,
    async run({ machine, runtime }) {
      const words = ['--project', 'e2e', ...vitest].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
      const script = `cd ${program} && KF_TEST_PATIENCE=${machine.slowness} node scripts/test.mjs ${words} 2>&1`;
      // Nothing must fall back on the other one unnoticed.
      expectMatch('doctor', await machine.ok('kf doctor'), new RegExp(`container runtime +/\\S+/${runtime} works`));
      const { code, stdout } = await machine.run(script, {
        timeoutMilliseconds: machine.slowness * seconds * 1000,
        onOutput: progress,
      });
      const plain = stdout.replaceAll(/\u001b\[[0-9;]*m/g, '');
      const failed = [...new Set(plain.match(/^ *FAIL .*$/gm) ?? [])];
      if (code !== 0) throw new Error([`exit code ${code}`, ...failed, plain.trim().split('\n').at(-1)].join('\n'));
    },
  },
];
