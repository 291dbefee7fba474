/** Label and field selectors: Kubernetes' grammar, parsed once, matched often. */

export type Labels = Readonly<Record<string, string>>;

/** Whether a set of labels (or selectable fields) is selected. */
export type Matcher = (values: Labels) => boolean;

export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** The text is no selector; the message says where. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

const labelName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelPrefix = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** `name` or `prefix/name`, as label and annotation keys are written. */
export function isQualifiedName(key: string): boolean {
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  if (name.length > 63 || !labelName.test(name) || parts.length > 1) return false;
  const prefix = parts[0];
  return prefix === undefined || (prefix.length <= 253 && labelPrefix.test(prefix));
}

/** Empty, or at most 63 letters, digits, `-`, `_`, `.`, with a letter or digit at both ends. */
export const isLabelValue = (value: string): boolean => value === '' || (value.length <= 63 && labelName.test(value));

/**
 * Parses `k=v,k==v,k!=v,k in (a,b),k notin (a),k,!k,k>1,k<1`; the empty text selects everything.
 * @throws SelectorError
 */
export function parseLabelSelector(text: string): Matcher {
  const requirements = splitTopLevel(text).map(parseLabelRequirement);
  return (labels) => requirements.every((matches) => matches(labels));
}

/**
 * Parses `f=v,f==v,f!=v`; `\\`, `\,` and `\=` stand for themselves in values.
 * @throws SelectorError
 */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return splitEscaped(text).map((part) => {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
    if (match === null) throw new SelectorError(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, field = '', operator, value = ''] = match;
    return { field, equal: operator !== '!=', value: unescaped(value) };
  });
}

function unescaped(value: string): string {
  const [wrong] = value.replace(/[^\\=]|\\[\\,=]/gs, '');
  if (wrong === '=') throw new SelectorError('invalid field selector: unescaped character in value: 61');
  if (wrong !== undefined) throw new SelectorError(`invalid field selector: invalid escape sequence in: ${value}`);
  return value.replace(/\\([\\,=])/g, '$1');
}

function parseLabelRequirement(part: string): Matcher {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const key = checkedKey(set[1] ?? '', part);
    const values = new Set((set[3] ?? '').split(',').map((value) => checkedValue(value.trim(), part)));
    const wanted = set[2] === 'in';
    return (labels) => {
      const value = labels[key];
      return value === undefined ? !wanted : values.has(value) === wanted;
    };
  }
  const comparison = /^([^=!\s]+)\s*(!=|==|=)\s*([^=!\s]*)$/.exec(part);
  if (comparison !== null) {
    const key = checkedKey(comparison[1] ?? '', part);
    const value = checkedValue(comparison[3] ?? '', part);
    return comparison[2] === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const order = /^([^=!<>\s]+)\s*([<>])\s*(\S+)$/.exec(part);
  if (order !== null) {
    const key = checkedKey(order[1] ?? '', part);
    const bound = checkedInteger(order[3] ?? '', part);
    const isAbove = order[2] === '>';
    return (labels) => {
      const value = integer(labels[key] ?? '');
      return value !== undefined && (isAbove ? value > bound : value < bound);
    };
  }
  if (part.startsWith('!')) {
    const key = checkedKey(part.slice(1).trim(), part);
    return (labels) => labels[key] === undefined;
  }
  const key = checkedKey(part, part);
  return (labels) => labels[key] !== undefined;
}

function checkedKey(key: string, part: string): string {
  if (isQualifiedName(key)) return key;
  throw new SelectorError(
    `unable to parse requirement: ${JSON.stringify(part)}: ${JSON.stringify(key)} is no label key`,
  );
}

function checkedValue(value: string, part: string): string {
  if (isLabelValue(value)) return value;
  throw new SelectorError(
    `unable to parse requirement: ${JSON.stringify(part)}: ${JSON.stringify(value)} is no label value`,
  );
}

const integer = (text: string): bigint | undefined =>
  /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;

function checkedInteger(text: string, part: string): bigint {
  const value = integer(text);
  if (value !== undefined) return value;
  throw new SelectorError(`unable to parse requirement: ${JSON.stringify(part)}: the value must be an integer`);
}

/** Splits at commas outside of parentheses. */
function splitTopLevel(text: string): readonly string[] {
  if (text.trim() === '') return [];
  return text.split(/,(?![^(]*\))/).map((part) => part.trim());
}

/** Splits at commas that no backslash precedes. */
const splitEscaped = (text: string): readonly string[] => text.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? [];
