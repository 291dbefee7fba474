/** Where a log sink's URL leads, and by which protocol. Pure. */

import { neverAllowed } from '../host-path.ts';

export type LogSinkTarget =
  | { readonly protocol: 'fluentd'; readonly tls: boolean; readonly host: string; readonly port: number }
  | {
      readonly protocol: 'syslog';
      readonly transport: 'tcp' | 'tls' | 'udp';
      readonly host: string;
      readonly port: number;
    }
  | { readonly protocol: 'otlp'; readonly url: string }
  | { readonly protocol: 'file'; readonly path: string };

/** With the usual port of each: Fluentd's, RFC 5424's companions', OpenTelemetry's. */
const logSinkSchemes = {
  fluentd: 24_224,
  'fluentd-tls': 24_224,
  syslog: 514,
  'syslog-udp': 514,
  'syslog-tls': 6514,
  http: 4318,
  https: 4318,
  file: 0,
} as const;

const examples =
  'fluentd://HOST:24224, fluentd-tls://HOST, syslog://HOST:514 (TCP), syslog-udp://HOST, syslog-tls://HOST:6514, ' +
  'http://HOST:4318 or https://HOST (OTLP), file:///PATH (JSON lines)';

/** @throws Error saying what is wrong and what would be right */
export function parseLogSinkUrl(text: string): LogSinkTarget {
  const scheme = /^([a-z][a-z-]*):\/\//.exec(text)?.[1] ?? '';
  if (!Object.hasOwn(logSinkSchemes, scheme)) throw new Error(`must be one of ${examples}`);
  // The parser of the WHATWG treats only its own schemes fully.
  const url = tryParse(text.replace(/^[a-z-]+:/, scheme === 'file' ? 'file:' : 'http:'));
  if (url === undefined) throw new Error(`must be a URL: ${examples}`);
  if (url.username !== '' || url.password !== '')
    throw new Error('must not hold a password: it belongs into the Secret that spec.secretRef names');
  if (scheme === 'file') return fileTarget(url);
  const explicit = /^[a-z-]+:\/\/(?:\[[^\]]*\]|[^/:]*):(\d+)/.exec(text)?.[1];
  const port = explicit === undefined ? logSinkSchemes[scheme as keyof typeof logSinkSchemes] : Number(explicit);
  if (port < 1) throw new Error('must name a port from 1 to 65535');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (scheme === 'http' || scheme === 'https') return otlpTarget(scheme, url, port);
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '')
    throw new Error(`must be ${scheme}://HOST[:PORT] and no more`);
  if (scheme.startsWith('fluentd')) return { protocol: 'fluentd', tls: scheme === 'fluentd-tls', host, port };
  const transport = scheme === 'syslog-tls' ? 'tls' : scheme === 'syslog-udp' ? 'udp' : 'tcp';
  return { protocol: 'syslog', transport, host, port };
}

function tryParse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function fileTarget(url: URL): LogSinkTarget {
  if (url.host !== '' || url.pathname.endsWith('/'))
    throw new Error('must name a file by its whole path: file:///var/log/kf.jsonl');
  const path = decodeURIComponent(url.pathname);
  const refused = neverAllowed(dirname(path), []);
  if (refused !== undefined) throw new Error(`must lie elsewhere: ${refused}`);
  return { protocol: 'file', path };
}

const dirname = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** OTLP/HTTP: the path is /v1/logs unless another one is given. */
function otlpTarget(scheme: 'http' | 'https', url: URL, port: number): LogSinkTarget {
  const path = url.pathname === '/' ? '/v1/logs' : url.pathname;
  return { protocol: 'otlp', url: `${scheme}://${url.hostname}:${port}${path}${url.search}` };
}
