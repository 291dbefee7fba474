import { expect, test } from 'vitest';
import type { Step, StepTemplate } from '../../../src/resources/tekton/step.ts';
import { withTemplate } from '../../../src/tekton/task-run/step-template.ts';

const source = { secretKeyRef: { name: 's', key: 'k' } };

test.each<[string, StepTemplate, Step, Step]>([
  ['what is empty says nothing', { image: 'i', args: ['a'] }, { image: '', args: [] }, { image: 'i', args: ['a'] }],
  [
    'mounts at one path are one mount',
    { volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true }] },
    { volumeMounts: [{ name: 'w', mountPath: '/v' }] },
    { volumeMounts: [{ name: 'w', mountPath: '/v', readOnly: true }] },
  ],
  [
    'a variable has one source, the step’s',
    {
      env: [
        { name: 'A', valueFrom: source },
        { name: 'B', value: 'b' },
      ],
    },
    {
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', valueFrom: source },
      ],
    },
    {
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', valueFrom: source },
      ],
    },
  ],
  [
    'a variable that says nothing has the template’s',
    { env: [{ name: 'A', value: 'a' }] },
    { env: [{ name: 'A' }] },
    { env: [{ name: 'A', value: 'a' }] },
  ],
])('%s', (_what, template, step, expected) => expect(withTemplate(step, template)).toEqual(expected));
