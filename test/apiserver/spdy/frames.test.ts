import { createInflate } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dictionary } from '../../../src/apiserver/spdy/dictionary.ts';
import {
  dataHead,
  type Frame,
  FrameParser,
  goAway,
  ping,
  rstStream,
  SpdyError,
  synReply,
} from '../../../src/apiserver/spdy/frames.ts';
import { formatHeaders, HeaderReader, HeaderWriter, parseHeaders } from '../../../src/apiserver/spdy/header-block.ts';
import { DeflatingWriter } from '../remotecommand/spdy-client.ts';

const data = (streamId: number, bytes: Buffer, fin: boolean): Buffer =>
  Buffer.concat([dataHead(streamId, bytes.length, fin), bytes]);

/** Frames of data put together as they were sent. */
function parsed(chunks: readonly Buffer[]): readonly Frame[] {
  const parser = new FrameParser();
  const frames: Frame[] = [];
  for (const chunk of chunks)
    for (const frame of parser.parse(chunk)) {
      const last = frames.at(-1);
      if (frame.type === 'data' && last?.type === 'data' && last.streamId === frame.streamId && !last.fin)
        frames[frames.length - 1] = { ...frame, bytes: Buffer.concat([last.bytes, frame.bytes]) };
      else frames.push(frame);
    }
  return frames;
}

test('frames are the same however their bytes come', () => {
  const bytes = Buffer.concat([
    ping(7),
    data(1, Buffer.from('hello'), true),
    synReply(3, Buffer.from('block')),
    data(3, Buffer.alloc(0), true),
    rstStream(5, 3),
    goAway(5, 0),
  ]);
  const whole = parsed([bytes]);
  expect(whole.map(({ type }) => type)).toEqual(['ping', 'data', 'synReply', 'data', 'rstStream', 'goAway']);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(parsed(chunks)).toEqual(whole);
    }),
  );
});

test('any bytes are frames or refused, and little is held of them', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
      try {
        parsed(chunks.map((chunk) => Buffer.from(chunk)));
      } catch (error) {
        expect(error).toBeInstanceOf(SpdyError);
      }
    }),
  );
});

test('the dictionary is the protocol’s: its checksum is known', () => {
  let [a, b] = [1, 0];
  for (const byte of dictionary) [a, b] = [(a + byte) % 65521, (b + a + byte) % 65521];
  expect([dictionary.length, (b * 65536 + a).toString(16)]).toEqual([1423, 'e3c6a7c2']);
});

test('header blocks, one after the other, both ways', async () => {
  const reader = new HeaderReader();
  const deflating = new DeflatingWriter();
  const blocks: readonly Record<string, string>[] = [{ streamtype: 'error' }, {}, { StreamType: 'stdin', empty: '' }];
  for (const headers of blocks) {
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    expect([...(await reader.read(await deflating.write(headers)))]).toEqual(lower);
  }
  reader.close();
  const writer = new HeaderWriter();
  const inflate = createInflate({ dictionary });
  const out: Buffer[] = [];
  inflate.on('data', (part: Buffer) => out.push(part));
  const headers = new Map([['a', 'b']]);
  for (const block of [writer.write(new Map()), writer.write(headers)])
    await new Promise<void>((resolve) => inflate.write(block, () => resolve()));
  expect(Buffer.concat(out)).toEqual(Buffer.concat([formatHeaders(new Map()), formatHeaders(headers)]));
});

test('a block that says more than it holds is refused', () => {
  for (const hex of ['', '00000001', '0000000100000005', 'ffffffff', '00000001ffffffff61'])
    expect(() => parseHeaders(Buffer.from(hex, 'hex'))).toThrow(SpdyError);
});
