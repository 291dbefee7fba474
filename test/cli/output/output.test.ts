import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatDescription, section } from '../../../src/cli/output/describe.ts';
import { formatObject, formatObjects, formatValue } from '../../../src/cli/output/objects.ts';
import { formatTable } from '../../../src/cli/output/table.ts';
import { formatTips, quote } from '../../../src/cli/output/tips.ts';
import { isSecret } from '../../../src/cli/secrets.ts';
import { ConfigMap } from '../../../src/resources/core/kinds.ts';

test('a table: two spaces between columns, <nil>, one line per row, wide characters', () => {
  const table = formatTable(
    ['Name', 'ID', 'Reason'],
    [
      ['a', 10, null],
      ['日本', undefined, 'two\nlines'],
    ],
  );
  expect(table).toBe('Name  ID     Reason\na     10     <nil>\n日本  <nil>  two lines\n');
  expect(formatTable(['Name', 'Age'], [])).toBe('Name  Age\n');
});

test('control characters are shown, not obeyed', () => {
  expect(formatTable(['Name'], [['\x1b[2Ja\x7f\x9b\u202e']])).toBe('Name\n^[[2Ja^?\\x9b\\u202e\n');
  expect(formatDescription([['Command', "printf '\x1b[31m'\n\tdone\r"]])).toBe(
    "Command:  printf '^[[31m'\n          \tdone^M\n",
  );
});

test('YAML keeps text text, also for readers of YAML 1.1', async () => {
  const words = ['on', 'No', 'y', '1_000', '12:30:45', '0b101', '012', '1e3', '~', '<<', 'plain', 'a\nb\n'];
  const text = await formatValue('yaml', { words, twice: words });
  expect(parse(text, { version: '1.1' })).toEqual({ words, twice: words });
  expect(text).toContain('- "on"\n');
  expect(text).toContain('- plain\n');
  expect(text).not.toMatch(/[&*]\w/);
});

test('an object is shown without its managers', async () => {
  const metadata = { name: 'a', managedFields: [{ manager: 'x' }] };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  expect(JSON.parse(await formatObject('json', ConfigMap, map)).metadata).toEqual({ name: 'a' });
  expect(JSON.parse(await formatObjects('json', ConfigMap, [map])).items[0].metadata).toEqual({ name: 'a' });
});

test('a description: aligned, empty parts left out, lists below one another', () => {
  const text = formatDescription([
    ['Name', 'x'],
    ['Longer Key', 3],
    ['Absent', undefined],
    [
      'Part',
      section([
        ['In', 'y'],
        ['Nothing', undefined],
      ]),
    ],
    ['Empty Part', section([['Nothing', undefined]])],
    ['List', ['a', 'b']],
  ]);
  expect(text).toBe('Name:        x\nLonger Key:  3\nPart:\n  In:  y\nList:        a\n             b\n');
});

test('tips are Kf’s block', () => {
  expect(
    formatTips([
      { description: 'A', command: 'kf a' },
      { description: 'Long', command: 'kf b' },
    ]),
  ).toEqual(['', 'TIP: These other commands could be useful:', 'A:    kf a', 'Long: kf b']);
  expect(formatTips([])).toEqual([]);
});

test('words are quoted for a shell only where they must be', () => {
  expect([quote('a-b/c=1'), quote("it's $HOME"), quote('')]).toEqual(['a-b/c=1', `'it'\\''s $HOME'`, "''"]);
});

test.each([
  ['DB_PASSWORD', 'x', true],
  ['API_KEY', 'x', true],
  ['AWS_SECRET_ACCESS_KEY', 'x', true],
  ['DATABASE_URL', 'postgres://u:p@h/db', true],
  ['DATABASE_URL', 'postgres://h/db', false],
  ['REGION', 'eu', false],
  ['KEYBOARD', 'de', false],
])('%s=%s is secret: %s', (name, value, secret) => expect(isSecret(name, value)).toBe(secret));
