/** OTLP over HTTP in its JSON encoding. Source: https://opentelemetry.io/docs/specs/otlp/ */

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LogRecord } from '../log-record.ts';
import { RefusedError, type SendResult, type SinkSecret, type Transport } from '../transport.ts';
import { exportRequest } from './otlp-request.ts';
import { sendPatience } from './socket.ts';

export interface OtlpOptions {
  readonly url: string;
  /** `headers`: lines of NAME: VALUE; certificates of TLS. */
  readonly secret: SinkSecret;
}

/** Bytes of an answer that are read. */
const mostAnswer = 64 * 1024;

export class OtlpTransport implements Transport {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor({ url, secret }: OtlpOptions) {
    this.#url = new URL(url);
    this.#headers = headersOf(secret.headers ?? '');
    this.#agent =
      this.#url.protocol === 'https:'
        ? new HttpsAgent({
            keepAlive: true,
            ...(secret['ca.crt'] === undefined ? {} : { ca: secret['ca.crt'] }),
            ...(secret['tls.crt'] === undefined ? {} : { cert: secret['tls.crt'] }),
            ...(secret['tls.key'] === undefined ? {} : { key: secret['tls.key'] }),
          })
        : new HttpAgent({ keepAlive: true });
  }

  async probe(): Promise<void> {
    await this.send([]);
  }

  async send(records: readonly LogRecord[]): Promise<SendResult> {
    const { status, text } = await this.#post(JSON.stringify(exportRequest(records)));
    if (status >= 200 && status < 300) return { refused: rejectedIn(text) };
    const message = `${this.#url.host} answers ${status}: ${text.slice(0, 200).trim()}`;
    // The records themselves are at fault; anything else a person can mend while they wait.
    throw status === 400 || status === 413 || status === 422 ? new RefusedError(message) : new Error(message);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { 'User-Agent': 'kf-tasks', ...this.#headers, 'Content-Type': 'application/json' };
      const request = (this.#url.protocol === 'https:' ? requestHttps : requestHttp)(
        this.#url,
        { method: 'POST', agent: this.#agent, headers, timeout: sendPatience },
        (response) => {
          textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer within ${sendPatience / 1000} s`)));
      request.on('error', (error) => reject(new Error(`${this.#url.host}: ${error.message}`)));
      request.end(body);
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>)
    if (text.length < mostAnswer) text += chunk;
  return text;
}

/** What a receiver rejects in a partial success must not be sent again. */
function rejectedIn(text: string): number {
  try {
    const answer = JSON.parse(text) as { readonly partialSuccess?: { readonly rejectedLogRecords?: string | number } };
    return Number(answer.partialSuccess?.rejectedLogRecords ?? 0) || 0;
  } catch {
    return 0;
  }
}

/** `NAME: VALUE`, one a line. */
function headersOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
  );
}
