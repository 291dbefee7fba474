/** IPv4 addresses and networks. Pure. */

/** An IPv4 network; addresses are unsigned 32-bit numbers. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

export const formatAddress = (value: number): string => [24, 16, 8, 0].map((bits) => (value >>> bits) & 255).join('.');

export const sizeOf = ({ prefix }: Subnet): number => 2 ** (32 - prefix);

export const formatSubnet = ({ base, prefix }: Subnet): string => `${formatAddress(base)}/${prefix}`;

/** `a.b.c.d/n` or a single address; host bits are cut off. Undefined when it is neither. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = '', bits = '32', ...rest] = text.split('/');
  const value = parseAddress(address);
  if (value === undefined || rest.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  return { base: value - (value % size), prefix: Number(bits) };
}

export const overlaps = (a: Subnet, b: Subnet): boolean => a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);

/** Whether every address of `inner` is one of `outer`. */
export const contains = (outer: Subnet, inner: Subnet): boolean =>
  inner.prefix >= outer.prefix && inner.base >= outer.base && inner.base < outer.base + sizeOf(outer);

/** The fewest networks that hold every address of `whole` and none of `holes`. */
export function subtract(whole: Subnet, holes: readonly Subnet[]): readonly Subnet[] {
  const inside = holes.filter((hole) => overlaps(hole, whole));
  if (inside.length === 0) return [whole];
  if (inside.some((hole) => contains(hole, whole))) return [];
  const prefix = whole.prefix + 1;
  const halves = [whole.base, whole.base + 2 ** (32 - prefix)].map((base) => ({ base, prefix }));
  return halves.flatMap((half) => subtract(half, inside));
}
