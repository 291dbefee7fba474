import { expect, test } from 'vitest';
import { parseStartOrder, type StartOrder, startOrderProblem } from '../../../src/resources/core/start-order.ts';

test('an order with every word is one', () => {
  const order: StartOrder = {
    server: { sidecar: true },
    first: {
      afterReady: ['server'],
      files: [{ path: '/scripts/run', content: '#!/bin/sh\n', mode: 0o555, expand: true }],
      folders: ['/steps/first/results'],
    },
    second: {
      after: 'first',
      afterFailure: true,
      ignoreFailure: true,
      timeoutSeconds: 0.5,
      values: { 'a.b': { file: '/steps/first/results/x', type: 'array' }, c: { file: '/f', at: ['outputs', '0'] } },
      when: [{ input: '$(a.b[0])', operator: 'in', values: ['x'] }, { cel: "'a' == 'b'" }],
      returns: [{ file: '/results/r', key: 'r', type: 1 }],
      resultBytes: 100,
      exitCodeFile: '/steps/second/exitCode',
      stdoutFile: '/out',
      stderrFile: '/err',
      appendToCmd: true,
      around: 'exec "$@"',
    },
  };
  expect(parseStartOrder(JSON.stringify(order))).toEqual(order);
});

test.each([
  ['{', 'must be JSON: an order by container name'],
  ['[]', 'start order must be an object'],
  ['{"a":1}', 'start order["a"] must be an object'],
  ['{"a":{"before":"b"}}', 'start order["a"]: unknown field "before"'],
  ['{"a":{"after":1}}', 'start order["a"].after must be a string'],
  ['{"a":{"timeoutSeconds":0}}', 'start order["a"].timeoutSeconds must be a number above 0'],
  ['{"a":{"sidecar":"yes"}}', 'start order["a"].sidecar must be true or false'],
  ['{"a":{"afterReady":"b"}}', 'start order["a"].afterReady must be a list'],
  ['{"a":{"files":[{"path":"/x"}]}}', 'start order["a"].files[0].content is missing'],
  [
    '{"a":{"files":[{"path":"/x","content":"","mode":4095}]}}',
    'start order["a"].files[0].mode must be file permissions',
  ],
  [
    '{"a":{"when":[{"input":"","operator":"eq","values":[]}]}}',
    'start order["a"].when[0].operator must be one of in, notin',
  ],
  ['{"a":{"when":[{"cel":"x","input":""}]}}', 'start order["a"].when[0]: unknown field "input"'],
  [
    '{"a":{"values":{"x":{"file":"/f","type":"number"}}}}',
    'start order["a"].values["x"].type must be one of string, array, object',
  ],
  ...['/a/../b', 'a', '/', '/a//b', '/a/./b', '/a:b'].map((path) => [
    JSON.stringify({ a: { exitCodeFile: path } }),
    `start order["a"].exitCodeFile must be an absolute path without '.', '..' and empty parts`,
  ]),
])('%s is none', (text, problem) => {
  expect(startOrderProblem(text!)).toBe(problem);
});
