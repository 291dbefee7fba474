// Downloads a file, checks its SHA-256, compresses it and uploads the result; all as streams, so that size does not
// matter. The upload goes to a name of its own first: nobody ever finds half of a file.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

process.on('uncaughtException', ({ message, cause }) => {
  console.error(cause === undefined ? message : `${message}: ${cause.message || cause.code}`);
  process.exit(1);
});

const [name = 'orders.csv'] = process.argv.slice(2);
const services = Object.values(JSON.parse(process.env.VCAP_SERVICES)).flat();
const { url, username, password } = services.find((service) => service.name === 'files').credentials;
const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

async function request(method, path, options = {}) {
  const response = await fetch(new URL(path, url), {
    method,
    ...options,
    headers: { authorization, ...options.headers },
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${response.statusText}`);
  return response;
}

const expected = (await (await request('GET', `in/${name}.sha256`)).text()).split(/\s/)[0];
const hash = createHash('sha256');
let bytes = 0;
async function* counted(chunks) {
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
}
const packed = `/tmp/${name}.gz`;
const { body } = await request('GET', `in/${name}`);
await pipeline(Readable.fromWeb(body), counted, createGzip(), createWriteStream(packed));
if (hash.digest('hex') !== expected) throw new Error(`${name}: the checksum is not the one in ${name}.sha256`);

const part = `out/.${name}.gz.${process.env.KF_TASK_ID}`;
await request('PUT', part, {
  body: Readable.toWeb(createReadStream(packed)),
  duplex: 'half',
  headers: { 'content-length': String((await stat(packed)).size) },
});
await request('MOVE', part, { headers: { destination: new URL(`out/${name}.gz`, url).href } });
console.log(`${name}: ${bytes} bytes in, ${(await stat(packed)).size} out`);
