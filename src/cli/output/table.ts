/** Tables as Kf prints them: columns aligned by two spaces, empty values as `<nil>`, the header always. Pure. */

import { visible } from './visible.ts';

export type Cell = string | number | boolean | null | undefined;

export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header, ...rows.map((row) => row.map(cellText))];
  const widths = header.map(() => 0);
  for (const line of lines)
    for (let column = 0; column < line.length; column++)
      widths[column] = Math.max(widths[column] ?? 0, widthOf(line[column]!));
  const pad = (text: string, column: number): string => text + ' '.repeat(widths[column]! - widthOf(text));
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('');
}

const cellText = (cell: Cell): string =>
  // A table has one line per row, whatever a name or a message holds.
  cell === null || cell === undefined ? '<nil>' : oneLine(String(cell));

const oneLine = (text: string): string => (plain.test(text) ? text : visible(text.replace(/[\r\n\t]+/g, ' ')));

const plain = /^[\x20-\x7e]*$/;

/** Characters, not UTF-16 units; wide ones of East Asia and emoji take two columns. */
function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text)
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1;
  return width;
}
