/** ExportLogsServiceRequest in OTLP's JSON encoding: 64-bit numbers are strings. Pure. */

import { instantOf, type LogOrigin, type LogRecord } from '../log-record.ts';

type Value = { readonly stringValue: string } | { readonly intValue: string } | { readonly boolValue: boolean };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** SeverityNumber of the log data model. */
const severity = { stdout: { number: 9, text: 'INFO' }, stderr: { number: 17, text: 'ERROR' } } as const;

/** One resource per attempt of a Task. */
export function exportRequest(records: readonly LogRecord[]): object {
  const groups = new Map<LogOrigin, LogRecord[]>();
  for (const record of records) {
    const group = groups.get(record.origin);
    if (group === undefined) groups.set(record.origin, [record]);
    else group.push(record);
  }
  return {
    resourceLogs: [...groups].map(([origin, group]) => ({
      resource: { attributes: resourceOf(origin) },
      scopeLogs: [{ scope: { name: 'kf-tasks' }, logRecords: group.map(recordOf) }],
    })),
  };
}

function resourceOf({ space, app, task, build, id, job, attempt }: LogOrigin): readonly Attribute[] {
  const text = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } });
  const whole = (key: string, value: number): Attribute => ({ key, value: { intValue: String(value) } });
  return [
    text('service.name', app),
    text('service.namespace', space),
    text('kf.space', space),
    text('kf.app', app),
    ...(task === undefined ? [] : [text('kf.task', task)]),
    ...(build === undefined ? [] : [text('kf.build', build)]),
    ...(id === undefined ? [] : [whole('kf.task.id', id)]),
    ...(job === undefined ? [] : [text('kf.job', job)]),
    whole('kf.attempt', attempt),
  ];
}

function recordOf({ time, stream, message, partial }: LogRecord): object {
  const { seconds, nanoseconds } = instantOf(time);
  const nanos = (BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)).toString();
  return {
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    severityNumber: severity[stream].number,
    severityText: severity[stream].text,
    body: { stringValue: message },
    attributes: [
      { key: 'log.iostream', value: { stringValue: stream } },
      ...(partial ? [{ key: 'kf.partial', value: { boolValue: true } }] : []),
    ],
  };
}
