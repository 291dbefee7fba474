import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestNode } from '../node/support/test-node.ts';
import { slowness } from '../support/slowness.ts';

const longest = 120_000 * slowness;

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

/** Megabytes per stream; `KF_TEST_OUTPUT_MB=100` for the whole 200 MB. */
const megabytes = Number(process.env.KF_TEST_OUTPUT_MB ?? 10);

/** Lines of 1 byte, 80 bytes and 1 MB in turn, any byte but a newline, no newline at the end. Runs here and inside. */
function outputOf(seed: number, bytes: number, write: (chunk: Buffer) => void): void {
  const line = (length: number, step: number): Buffer => {
    const content = Buffer.alloc(length + 1, 10);
    for (let at = 0; at < length; at++) content[at] = 11 + ((seed + step * 7 + at * 13) % 240);
    return content;
  };
  const long = line(1 << 20, 1);
  let written = 0;
  for (let step = 0; written < bytes; step++) {
    const small = Buffer.concat(Array.from({ length: 2000 }, (_, at) => line(at % 2 === 0 ? 1 : 80, step + at)));
    const next = step % 4 === 3 ? long : small;
    write(next);
    written += next.length;
  }
  write(Buffer.from('the end'));
}

const program = `
const { writeSync } = require('node:fs');
const outputOf = ${outputOf.toString()};
const writeAll = (fd) => (chunk) => { for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at); };
const fd = Number(process.argv[1]);
outputOf(fd, ${megabytes} * 2 ** 20, writeAll(fd));
`;

function expectedHash(seed: number): string {
  const hash = createHash('sha256');
  outputOf(seed, megabytes * 2 ** 20, (chunk) => hash.update(chunk));
  return hash.digest('hex');
}

test(
  'both streams at once, byte for byte',
  async () => {
    const pod = await node.shell('flood', 'node -e "$PROGRAM" 1 & node -e "$PROGRAM" 2 & wait', {
      env: [{ name: 'PROGRAM', value: program.replaceAll('$', () => '$$') }],
    });
    const ended = await node.finished('flood');
    expect(ended.status?.phase).toBe('Succeeded');
    for (const [index, stream] of (['stdout', 'stderr'] as const).entries()) {
      const hash = createHash('sha256');
      for await (const chunk of node.logs.read({ owner: pod.metadata.uid!, stream })) hash.update(chunk);
      expect(hash.digest('hex')).toBe(expectedHash(index + 1));
    }
  },
  longest,
);

test('followed from the start, nothing is missing', async () => {
  const pod = await node.shell(
    'counted',
    'i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; printf last',
  );
  const ended = new AbortController();
  const reading = (async () => {
    let text = '';
    for await (const chunk of node.logs.read({ owner: pod.metadata.uid!, follow: true, ended: ended.signal }))
      text += chunk.toString();
    return text;
  })();
  await node.finished('counted');
  ended.abort();
  expect(await reading).toBe(`${Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('')}last`);
});
