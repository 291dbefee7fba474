/** Annotations that are about a run as a whole: its children do not have them. */

import { annotations } from '../../resources/labels.ts';

export const ownAnnotations: readonly string[] = [
  annotations.rerunOf,
  annotations.concurrencyKey,
  annotations.concurrencyLimit,
];
