/** RFC 5424 messages. Pure. */

import type { LogRecord } from '../log-record.ts';

/** Facility user (1); severities informational (6) and error (3), as Cloud Foundry's drains have it. */
const priority = { stdout: 1 * 8 + 6, stderr: 1 * 8 + 3 } as const;
/** RFC 5612's number for those who have none of their own. */
const structuredDataId = 'kf@32473';

/** Bytes of a whole message that every usual receiver takes: rsyslog cuts at 8 KiB, less a little; over UDP RFC 5426 has 2 KiB. */
export const largestMessage = { stream: 8000, datagram: 2 * 1024 } as const;

/**
 * The messages of a record: a longer line is given in several.
 * @param host of the header
 * @param largest bytes of one message
 */
export function syslogMessages(record: LogRecord, host: string, largest: number): readonly Buffer[] {
  const head = Buffer.from(headOf(record, host));
  const text = Buffer.from(record.message);
  const room = Math.max(largest - head.length, 256);
  if (text.length <= room) return [Buffer.concat([head, text])];
  const messages: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + room, text.length);
    // Not within a character of UTF-8.
    while (end < text.length && end > at + 1 && (text[end]! & 0xc0) === 0x80) end--;
    messages.push(Buffer.concat([head, text.subarray(at, end)]));
    at = end;
  }
  return messages;
}

function headOf(record: LogRecord, host: string): string {
  const { space, app, task, id, job, attempt, stream, partial } = record;
  const data = { space, app, task, id, job, attempt, stream, partial };
  const parameters = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${String(value).replaceAll(/[\\"\]]/g, '\\$&')}"`);
  const names = [name(host, 255), name(app, 48), name(task, 128), stream].join(' ');
  return `<${priority[stream]}>1 ${timestamp(record.time)} ${names} [${structuredDataId}${parameters.join('')}] `;
}

/** Printable ASCII without spaces, no longer than the header allows. */
const name = (text: string, length: number): string => text.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, length) || '-';

/** At most microseconds. */
const timestamp = (time: string): string => {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '-';
  const micros = (/\.(\d{1,9})/.exec(time)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
  return `${date.toISOString().slice(0, 19)}.${micros}Z`;
};

/** RFC 6587 and RFC 5425: the length before each message, so that no character within one can end it. */
export const octetCounted = (message: Buffer): Buffer => Buffer.concat([Buffer.from(`${message.length} `), message]);
