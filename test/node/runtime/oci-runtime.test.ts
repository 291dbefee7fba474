import { expect, test } from 'vitest';
import { lastLine } from '../../../src/node/runtime/oci-runtime.ts';

test('the words of a failure: the message of a log line, or the last line that says something', () => {
  expect(lastLine('time="now" level=warning msg="a"\ntime="now" level=error msg="no \\"x\\""\n')).toBe('no "x"');
  expect(lastLine('first\n  second\n\n')).toBe('second');
  const hint = '       dmesg(1) may have more information after failed mount system call.\n';
  expect(lastLine(`mount: /m: wrong fs type on overlay.\n${hint}`)).toBe('mount: /m: wrong fs type on overlay.');
  expect(lastLine('')).toBe('');
});
