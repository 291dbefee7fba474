import { expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { refusalOf } from '../support/parse-command.ts';

test.each(commands.map((file) => [file.usage, file] as const))('examples of %s are taken', async (_, file) => {
  for (const example of [...file.examples, ...(file.parent?.examples ?? [])])
    if (/(^|[\s(])kf /.test(example)) expect([example, await refusalOf(example)]).toEqual([example, undefined]);
});

test('what is not taken is refused', async () => {
  expect(await refusalOf('kf run-tusk x')).toContain("unknown command 'run-tusk'");
  expect(await refusalOf('sudo kf run-task x --nonsense')).toContain('--nonsense');
  expect(await refusalOf('kf run-task x y')).toContain('accepts 1 arg(s)');
});
