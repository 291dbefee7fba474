import { afterAll, beforeAll, expect, test } from 'vitest';
import { shellContainer, TestNode, terminated } from '../node/support/test-node.ts';

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

test('a pod runs a shell line and succeeds with its output in the log', async () => {
  const pod = await node.shell('hello', 'echo hi');
  const ended = await node.finished('hello');
  expect(ended.status?.phase).toBe('Succeeded');
  expect(terminated(ended)).toMatchObject({ exitCode: 0, reason: 'Completed' });
  expect(node.rawLog(pod)).toMatch(/^\S+ stdout F hi\n$/);
  expect(node.errors).toEqual([]);
});
