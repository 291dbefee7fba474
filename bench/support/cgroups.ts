/** The machine's cgroup hierarchies. */

import { readFileSync } from 'node:fs';
import { type Hierarchies, type Hierarchy, parseHierarchies } from '../../src/node/cgroup/hierarchies.ts';

export const readHierarchies = (): Hierarchies =>
  parseHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));

export function allHierarchies(): readonly Hierarchy[] {
  const { v1, unified } = readHierarchies();
  return unified === undefined ? v1 : [...v1, unified];
}
