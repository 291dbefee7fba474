// Extract: the IANA time zone database's tables of zones and countries. Transform: join them, turn coordinates into
// degrees, count by continent. Load: out/zones.ndjson, one JSON object a line.
import fs from 'node:fs';
import path from 'node:path';

const rows = (name) =>
  fs
    .readFileSync(path.join(import.meta.dirname, 'data', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));

/** ISO 6709 (`+4230+00131`, `-720041+0023206`) to degrees. */
function degrees(text) {
  const [, ...parts] = /^([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?$/.exec(text);
  const angle = (sign, d, m, s) => (sign === '-' ? -1 : 1) * (Number(d) + Number(m) / 60 + Number(s ?? 0) / 3600);
  return { latitude: angle(...parts.slice(0, 4)), longitude: angle(...parts.slice(4)) };
}

const countries = new Map(rows('iso3166.tab'));
const zones = rows('zone1970.tab').map(([codes, coordinates, name, comment]) => ({
  name,
  countries: codes.split(',').map((code) => countries.get(code) ?? code),
  ...degrees(coordinates),
  ...(comment ? { comment } : {}),
}));
console.log(`extracted ${zones.length} zones of ${countries.size} countries`);

const out = path.join(import.meta.dirname, 'out');
fs.mkdirSync(out, { recursive: true });
fs.writeFileSync(path.join(out, 'zones.ndjson'), zones.map((zone) => `${JSON.stringify(zone)}\n`).join(''));

const continents = new Map();
for (const { name, latitude } of zones) {
  const continent = name.split('/')[0];
  const entry = continents.get(continent) ?? { zones: 0, north: -90 };
  continents.set(continent, { zones: entry.zones + 1, north: Math.max(entry.north, latitude) });
}
console.log('continent    zones  northernmost');
for (const [continent, { zones: count, north }] of [...continents].sort((a, b) => b[1].zones - a[1].zones))
  console.log(`${continent.padEnd(12)} ${String(count).padStart(5)} ${north.toFixed(2).padStart(13)}`);
console.log(`loaded ${fs.statSync(path.join(out, 'zones.ndjson')).size} bytes into out/zones.ndjson`);
