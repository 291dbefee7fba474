/** Tables as Kf prints them: columns aligned by two spaces, empty values as `<nil>`, the header always. Pure. */

export type Cell = string | number | boolean | null | undefined;

export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header, ...rows.map((row) => row.map(cellText))];
  const widths = header.map(() => 0);
  for (const line of lines)
    for (const [column, cell] of line.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  let text = '';
  for (const line of lines) {
    const cells = line.map((cell, column) => pad(cell, widths[column]!));
    text += `${cells.join('  ').trimEnd()}\n`;
  }
  return text;
}

const cellText = (cell: Cell): string =>
  // A table has one line per row, whatever a name or a message holds.
  cell === null || cell === undefined ? '<nil>' : String(cell).replace(/[\r\n\t]+/g, ' ');

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

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));
