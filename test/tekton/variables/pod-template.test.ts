import { expect, test } from 'vitest';
import { substitutePodTemplate } from '../../../src/tekton/variables/pod-template.ts';

test('names and values of labels are filled in', () => {
  const term = (key: string, value: string) => ({
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: value, labelSelector: { matchLabels: { [key]: value } } },
      ],
    },
  });
  const template = {
    nodeSelector: { 'disk-$(params.p)': '$(params.p)' },
    affinity: term('$(params.p)', '$(params.p)'),
  };
  expect(substitutePodTemplate(template, new Map([['params.p', 'ssd']]))).toEqual({
    nodeSelector: { 'disk-ssd': 'ssd' },
    affinity: term('ssd', 'ssd'),
  });
});
