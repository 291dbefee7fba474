// Sums up the orders of the hour that its slot ends, and writes one file per slot. A slot that runs again (a retry, a
// run by hand) writes the same file again: nothing is counted twice.

import { readFile, rename, writeFile } from 'node:fs/promises';

const end = new Date(process.env.KF_SCHEDULED_TIME ?? process.env.UNTIL ?? Date.now());
end.setUTCMinutes(0, 0, 0);
const begin = new Date(end.getTime() - 3_600_000);

const orders = (await readFile(new URL('data/orders.csv', import.meta.url), 'utf8'))
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','))
  // The sample knows one day; every day is like it.
  .map(([time, region, cents]) => ({ hour: Number(time.slice(0, 2)), region, cents: Number(cents) }))
  .filter(({ hour }) => hour === begin.getUTCHours());

const regions = {};
for (const { region, cents } of orders) regions[region] = (regions[region] ?? 0) + cents;

const file = `/results/${begin.toISOString().slice(0, 13)}.json`;
await writeFile(`${file}.part`, `${JSON.stringify({ begin, end, orders: orders.length, regions })}\n`);
await rename(`${file}.part`, file);
console.log(`${orders.length} orders of ${begin.toISOString()} → ${file}`);
