/** Compares what a page shows with what came: what differs from run to run counts as the same. Pure. */

/** The letters of generated names: no vowels, and no digits that look like letters. */
const random = '[bcdfghjklmnpqrstvwxz2456789]';

const masks: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(?<=[a-z0-9]-)${random}{5}(?![\\w])`, 'g'), '<random>'],
  [/\b[0-9a-f]{12,64}\b/g, '<digest>'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b/g, '<day>'],
  [/\b\d{4}-\d\d-\d\d\b/g, '<date>'],
  [/(?<!\d)([+-])\d\d:\d\d\b/g, '<offset>'],
  [/\b\d\d:\d\d(:\d\d(\.\d+)?)?\b/g, '<time>'],
  [/\b\d+(\.\d+)?(ns|µs|ms|s|m|h|d)(\d+(ms|s|m|h))*\b/g, '<duration>'],
  [/\b\d+(\.\d+)? (seconds?|minutes?|ms|s)\b/g, '<duration>'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'],
  [/\bprocess \d+/g, 'process <pid>'],
  [/\b\d+(\.\d+)? ?(B|KB|MB|GB|KiB|MiB|GiB|Ki|Mi|Gi)(?!\w)/g, '<size>'],
];

const normal = (text: string): string =>
  masks
    .reduce((masked, [form, name]) => masked.replace(form, name), text)
    // A column is as wide as what stands in it.
    .replace(/[ \t]{2,}/g, '  ')
    .replace(/ +$/gm, '');

/**
 * @param shown a line `…` stands for any lines, `…` within a line for any text
 * @return why the output does not match; undefined when it does
 */
export function difference(shown: string, came: string): string | undefined {
  const wanted = normal(shown).trimEnd();
  const got = normal(came).trimEnd();
  const form = wanted
    .split('\n')
    .map((line) => (line.trim() === '…' ? null : line.split('…').map(literally).join('.*')))
    .reduce((all, line, index, lines) => {
      if (line === null) return `${all}(?:.*\\n)*`;
      const last = index === lines.length - 1;
      return `${all}${line}${last ? '' : '\\n'}`;
    }, '');
  const whole = new RegExp(`^${form}$`);
  if (whole.test(got) || whole.test(`${got}\n`)) return undefined;
  return `the page shows\n${wanted}\nbut this came\n${got}`;
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
