/** `Key:  value` lists with nested parts, as `kf app` and `kf task` print them. Pure. */

import { visible } from './visible.ts';

export type Description = readonly (readonly [key: string, value: DescribedValue])[];
type DescribedValue = string | number | boolean | undefined | readonly string[] | Section;

class Section {
  constructor(readonly entries: Description) {}
}

export const section = (entries: Description): Section => new Section(entries);

/** Undefined values and empty sections are left out. */
export function formatDescription(entries: Description, indent = ''): string {
  const shown = entries.filter(([, value]) => !isEmpty(value));
  const plain = shown.filter(([, value]) => !(value instanceof Section));
  const width = Math.max(0, ...plain.map(([key]) => key.length + 1));
  return shown
    .map(([key, value]) => {
      if (value instanceof Section) return `${indent}${key}:\n${formatDescription(value.entries, `${indent}  `)}`;
      const lines = (Array.isArray(value) ? value : [value]).flatMap((item) => visible(String(item)).split('\n'));
      const first = `${indent}${`${key}:`.padEnd(width)}  `;
      return `${lines
        .map((line, index) => (index === 0 ? first : ' '.repeat(first.length)) + line)
        .join('\n')
        .trimEnd()}\n`;
    })
    .join('');
}

function isEmpty(value: DescribedValue): boolean {
  if (value instanceof Section) return value.entries.every(([, inner]) => isEmpty(inner));
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
