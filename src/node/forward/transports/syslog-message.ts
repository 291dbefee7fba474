/** RFC 5424 messages. Pure. */

import type { LogOrigin, LogRecord } from '../log-record.ts';

/** Facility user (1); severities informational (6) and error (3), as Cloud Foundry's drains have it. */
const priority = { stdout: 1 * 8 + 6, stderr: 1 * 8 + 3 } as const;
/** RFC 5612's number for those who have none of their own. */
const structuredDataId = 'kf@32473';

/** Bytes of a whole message that every usual receiver takes: rsyslog cuts at 8 KiB, less a little; over UDP RFC 5426 has 2 KiB. */
export const largestMessage = { stream: 8000, datagram: 2 * 1024 } as const;

/** Makes the messages of one batch: what records of one attempt share is put together once. */
export class SyslogWriter {
  readonly #host: string;
  readonly #largest: number;
  readonly #tails = new Map<LogOrigin, Readonly<Record<'stdout' | 'stderr', string>>>();

  /**
   * @param host of the header
   * @param largest bytes of one message
   */
  constructor(host: string, largest: number) {
    this.#host = name(host, 255);
    this.#largest = largest;
  }

  /** The messages of a record: a longer line is given in several. */
  messages(record: LogRecord): readonly string[] {
    const { stream, time, message } = record;
    const head = `<${priority[stream]}>1 ${timestamp(time)} ${this.#tailOf(record)}`;
    // A character of UTF-16 has at most three bytes.
    if (head.length * 3 + message.length * 3 <= this.#largest) return [head + message];
    const room = Math.max(this.#largest - Buffer.byteLength(head), 256);
    return parts(message, room).map((part) => head + part);
  }

  /** The header from the host's name on. */
  #tailOf({ origin, stream }: LogRecord): string {
    let tails = this.#tails.get(origin);
    if (tails === undefined) {
      tails = { stdout: tailOf(this.#host, origin, 'stdout'), stderr: tailOf(this.#host, origin, 'stderr') };
      this.#tails.set(origin, tails);
    }
    return tails[stream];
  }
}

/** A text in parts of so many bytes, none of which ends within a character. */
function parts(text: string, room: number): readonly string[] {
  const bytes = Buffer.from(text);
  if (bytes.length <= room) return [text];
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(at + room, bytes.length);
    while (end < bytes.length && end > at + 1 && (bytes[end]! & 0xc0) === 0x80) end--;
    found.push(bytes.toString('utf8', at, end));
    at = end;
  }
  return found;
}

function tailOf(host: string, origin: LogOrigin, stream: string): string {
  const { space, app, task, build, id, job, attempt } = origin;
  const parameters = Object.entries({ space, app, task, build, id, job, attempt, stream })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${String(value).replaceAll(/[\\"\]]/g, '\\$&')}"`);
  return `${host} ${name(app, 48)} ${name(task ?? build ?? '', 128)} ${stream} [${structuredDataId}${parameters.join('')}] `;
}

/** Printable ASCII without spaces, no longer than the header allows. */
const name = (text: string, length: number): string => text.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, length) || '-';

/** At most microseconds. */
function timestamp(time: string): string {
  if (time.length === usualTime && time.endsWith('Z')) return `${time.slice(0, 26)}Z`;
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '-';
  const micros = (/\.(\d{1,9})/.exec(time)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
  return `${date.toISOString().slice(0, 19)}.${micros}Z`;
}

/** Length of `2026-01-02T03:04:05.123456789Z`. */
const usualTime = 30;

/** RFC 6587 and RFC 5425: the length before each message, so that no character within one can end it. */
export const octetCounted = (message: string): string => `${Buffer.byteLength(message)} ${message}`;
