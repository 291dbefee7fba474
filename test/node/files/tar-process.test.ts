import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TarError, tarOutput } from '../../../src/node/files/tar-process.ts';

const sh = (script: string) => ({ program: '/bin/sh', args: ['-c', script] });

test.each([
  ['one that ends when told', 'echo $$; while :; do echo more; done'],
  ['one that does not listen', 'trap "" TERM PIPE; echo $$; while :; do echo more; done 2>/dev/null'],
])('whoever reads no more waits until the program has let go of the files: %s', async (_, script) => {
  let text = '';
  for await (const chunk of tarOutput(sh(script))) {
    text += chunk.toString();
    if (text.length > 100) break;
  }
  const pid = Number(text.split('\n')[0]);
  expect(pid).toBeGreaterThan(1);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test('what it has to say is the error, after all that it wrote', async () => {
  const chunks: string[] = [];
  const read = async () => {
    for await (const chunk of tarOutput(sh('echo data; echo first >&2; echo last words >&2; exit 3')))
      chunks.push(chunk.toString());
  };
  await expect(read()).rejects.toEqual(new TarError('last words', 3));
  expect(chunks).toEqual(['data\n']);
});
