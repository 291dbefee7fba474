/** Kubernetes quantities: a decimal with a binary (Ki…Ei), decimal (k…E) or milli suffix. */

const multipliers: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const form = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))([KMGTPE]i|[numkMGTPE]|e[+-]?\d+|E[+-]?\d+)?$/;

/** The value in units (bytes, cores), or undefined when the text is no quantity; as in JSON blanks around it do not count. */
export function parseQuantity(text: string | number): number | undefined {
  const match = form.exec(String(text).trim());
  if (match === null) return undefined;
  const suffix = match[2] ?? '';
  const multiplier = multipliers[suffix] ?? 10 ** Number(suffix.slice(1));
  const value = Number(match[1]) * multiplier;
  return Number.isFinite(value) ? value : undefined;
}

/** As parseQuantity, for values that validation has accepted. @throws RangeError */
export function quantityValue(text: string | number): number {
  const value = parseQuantity(text);
  if (value === undefined) throw new RangeError(`not a quantity: ${JSON.stringify(text)}`);
  return value;
}

/** Cloud Foundry sizes (`512M`, `1GB`, `64m`) as Kubernetes quantities, as Kf converts them: K/M/G/T become Ki/Mi/Gi/Ti. */
export function fromCloudFoundrySize(text: string): string {
  return text
    .trim()
    .replace(/^(\d+(?:\.\d+)?)([kmgt])(i)?b?$/i, (_, value: string, unit: string) => `${value}${unit.toUpperCase()}i`);
}

/** Bytes as people read them: `512Mi`, `1.5Gi`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)}${units[unit]}`;
}

const unitsOf = { 1024: ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'], 1000: ['E', 'P', 'T', 'G', 'M', 'k'] } as const;

/** As Kubernetes writes it: in the largest unit that leaves no fraction. @param value whole */
export function formatWhole(value: number, base: 1000 | 1024): string {
  const units = unitsOf[base];
  for (const [index, unit] of units.entries()) {
    const size = base ** (units.length - index);
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  return String(value);
}

/** Thousandths as Kubernetes writes them: `1500m`, `2`. @param milli whole */
export const formatMilli = (milli: number): string => (milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`);
