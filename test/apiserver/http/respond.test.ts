import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statusOf, warningHeader, writeSlowly } from '../../../src/apiserver/http/respond.ts';
import { notFound } from '../../../src/resources/status.ts';

describe('writeSlowly', () => {
  const server = createServer((_req, res) => respond(res));
  let respond: (res: ServerResponse) => void;
  let port: number;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Writes megabytes for as long as it may, to a client that `reads` or does not. */
  async function writing(reads: boolean, patience: number): Promise<number> {
    const chunk = Buffer.alloc(2 ** 20);
    const written = new Promise<number>((resolve, reject) => {
      respond = async (res) => {
        try {
          for (let count = 0; count < 64; count++) await writeSlowly(res, chunk, patience);
          res.end();
          resolve(64);
        } catch (error) {
          reject(error);
        }
      };
    });
    const outgoing = request({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.on('error', () => {});
      if (reads) response.resume();
    });
    outgoing.on('error', () => {});
    outgoing.end();
    return written.finally(() => outgoing.destroy());
  }

  test('waits for a client that reads', async () => {
    expect(await writing(true, 10_000)).toBe(64);
  });

  test('drops one that takes nothing for too long', async () => {
    await expect(writing(false, 20)).rejects.toThrow('the client has gone');
  });
});

test.each([
  ['plain', '299 - "plain"'],
  ['unknown field "a\\b"', '299 - "unknown field \\"a\\\\b\\""'],
  ['two\nlines, ünïcode', '299 - "two?lines, ?n?code"'],
])('warningHeader: %j is a valid quoted-string', (text, expected) => {
  expect(warningHeader(text)).toBe(expected);
});

test('statusOf: errors of ours as they are, others as InternalError', () => {
  expect(statusOf(notFound({ group: '', kind: 'Pod', plural: 'pods' }, 'x'))).toMatchObject({ code: 404 });
  expect(statusOf(new Error('boom'))).toMatchObject({
    code: 500,
    reason: 'InternalError',
    message: 'Internal error occurred: boom',
    details: { causes: [{ message: 'boom' }] },
  });
});
