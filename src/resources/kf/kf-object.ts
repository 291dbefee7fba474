/** What Kf's kinds share: the rule for names, and the labels at creation. */

import { type FieldError, invalid } from '../field-error.ts';
import { labels } from '../labels.ts';
import type { KubeObject } from '../meta.ts';
import { isDns1035Label } from '../names.ts';

/** @param longest characters */
export const nameErrors = (name: string, longest = 63): readonly FieldError[] =>
  isDns1035Label(name) && name.length <= longest
    ? []
    : [
        invalid(
          'metadata.name',
          name,
          `must be lower-case letters, digits and dashes, start with a letter, at most ${longest} long`,
        ),
      ];

/** Default of a kind: its objects say what they are a part of, and who manages them where nobody else does (Helm). */
export const ofComponent =
  (component: string) =>
  <T extends KubeObject>(object: T): T => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: { [labels.managedBy]: 'kf', ...object.metadata.labels, [labels.component]: component },
    },
  });
