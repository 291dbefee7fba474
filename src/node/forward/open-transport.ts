/** The transport that a LogSink's URL means. */

import { parseLogSinkUrl } from '../../resources/kf/log-sink-url.ts';
import type { SinkSecret, Transport } from './transport.ts';
import { FluentdTransport } from './transports/fluentd.ts';
import { JsonFileTransport } from './transports/json-file.ts';
import { OtlpTransport } from './transports/otlp.ts';
import { SyslogTransport, SyslogUdpTransport } from './transports/syslog.ts';

/**
 * Nothing is connected yet.
 * @param checkFile throws for a file that may not be written
 * @throws Error for a URL that says nothing
 */
export function openTransport(url: string, secret: SinkSecret, checkFile: (path: string) => Promise<void>): Transport {
  const target = parseLogSinkUrl(url);
  switch (target.protocol) {
    case 'fluentd':
      return new FluentdTransport({ ...target, secret });
    case 'otlp':
      return new OtlpTransport({ url: target.url, secret });
    case 'file':
      return new JsonFileTransport(target.path, checkFile);
    case 'syslog': {
      const { host, port, transport } = target;
      if (transport === 'udp') return new SyslogUdpTransport({ host, port });
      return new SyslogTransport({ host, port, ...(transport === 'tls' ? { tls: secret } : {}) });
    }
  }
}
