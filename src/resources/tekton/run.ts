/** What the kinds of Tekton share: group and categories, and of runs the columns. */

import { isFinal } from '../condition.ts';
import type { PrinterColumn } from '../kind.ts';

const columns: readonly PrinterColumn[] = [
  { name: 'Succeeded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
  { name: 'StartTime', type: 'date', jsonPath: '.status.startTime' },
  { name: 'CompletionTime', type: 'date', jsonPath: '.status.completionTime' },
];

/** What all kinds of the group share. */
export const tektonDeclaration = {
  group: 'tekton.dev',
  version: 'v1',
  categories: ['tekton', 'tekton-pipelines'],
  anyCase: true,
} as const;

export const runDeclaration = {
  ...tektonDeclaration,
  columns,
  finished: isFinal,
};
