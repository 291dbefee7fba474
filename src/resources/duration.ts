/** Go durations (`1h30m`, `500ms`), as Kubernetes and Tekton write them. */

/** Nanoseconds. Micro is written with either of Unicode's two letters. */
const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds that Go's durations can hold. */
const most = 2 ** 63;

/** Milliseconds, or undefined when the text is no duration. A bare `0` is one. */
export function parseDuration(text: string): number | undefined {
  const read = readDuration(text);
  return typeof read === 'number' ? read / 1e6 : undefined;
}

/** Why a text is no duration, in Go's words; undefined for one that is. */
export function durationFault(text: string): string | undefined {
  const read = readDuration(text);
  return typeof read === 'number' ? undefined : `time: ${read.fault} ${goQuoted(text)}`;
}

/** Nanoseconds, as Go's time.ParseDuration reads them. */
function readDuration(text: string): number | { readonly fault: string } {
  const invalid = { fault: 'invalid duration' };
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  if (rest === '') return invalid;
  let total = 0;
  while (rest !== '') {
    const [part = '', value = '', unit = ''] = /^(\d+\.?\d*|\.\d+)([^.\d]*)/.exec(rest) ?? [];
    if (value === '' || Number.parseFloat(`0${value}`) > most) return invalid;
    if (unit === '') return { fault: 'missing unit in duration' };
    const size = units[unit];
    if (size === undefined) return { fault: `unknown unit ${goQuoted(unit)} in duration` };
    // What is finer than a nanosecond is cut off; what only looks so for it is no binary fraction is not.
    total += Math.floor(Number(value) * size + 1e-6);
    if (total > most) return invalid;
    rest = rest.slice(part.length);
  }
  return total * sign;
}

/** As Go's package time quotes: bytes that are not printable ASCII by their number. */
function goQuoted(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => {
    const letter = String.fromCharCode(byte);
    if (letter === '"' || letter === '\\') return `\\${letter}`;
    return byte < 0x20 || byte >= 0x80 ? `\\x${byte.toString(16).padStart(2, '0')}` : letter;
  });
  return `"${bytes.join('')}"`;
}

/** Go's form of a duration, to the millisecond: `1h2m3s`, `1.5s`, `0s`. */
export function formatDuration(milliseconds: number): string {
  const total = Math.max(0, Math.round(milliseconds));
  if (total > 0 && total < 1000) return `${total}ms`;
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor((total % 3_600_000) / 60_000);
  const seconds = (total % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

/** The coarse form of `kubectl get`'s ages: `45s`, `5m`, `3h20m`, `12d`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 730) return `${days}d`;
  return `${Math.floor(days / 365)}y${days % 365 === 0 ? '' : `${days % 365}d`}`;
}
