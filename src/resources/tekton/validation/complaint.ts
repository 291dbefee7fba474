/**
 * One complaint as Tekton's webhook makes it: a message, the fields it is about, and perhaps details. The texts are
 * Tekton's, so that what people know of its refusals holds here.
 */

export interface Complaint {
  readonly message: string;
  /** Dotted paths; an empty one is the object that is looked at. */
  readonly paths: readonly string[];
  readonly details?: string;
}

export type Complaints = readonly Complaint[];

export const generic = (message: string, ...paths: readonly string[]): Complaint => ({ message, paths });

export const detailed = (message: string, path: string, details: string): Complaint => ({
  message,
  paths: [path],
  details,
});

/** Fields that must not be there. */
export const disallowedFields = (...paths: readonly string[]): Complaint => ({
  message: 'must not set the field(s)',
  paths,
});

export const missingField = (...paths: readonly string[]): Complaint => ({ message: 'missing field(s)', paths });

export const missingOneOf = (...paths: readonly string[]): Complaint => ({
  message: 'expected exactly one, got neither',
  paths,
});

export const multipleOneOf = (...paths: readonly string[]): Complaint => ({
  message: 'expected exactly one, got both',
  paths,
});

export const invalidValue = (value: unknown, path: string, details?: string): Complaint => ({
  message: `invalid value: ${String(value)}`,
  paths: [path],
  ...(details === undefined ? {} : { details }),
});

const none: Complaints = [];

/** The complaints as seen from outside: each path below `prefix` (`steps[0]`, `[name]`, `spec`). */
export const under = (prefix: string, complaints: Complaints): Complaints =>
  complaints.length === 0
    ? none
    : complaints.map((complaint) => ({ ...complaint, paths: complaint.paths.map((path) => joined(prefix, path)) }));

/** `under` for each item of a list, e.g. `steps[0]`. */
export function underEach<T>(
  prefix: string,
  items: readonly T[] | undefined,
  complain: (item: T, index: number) => Complaints,
): Complaints {
  if (items === undefined) return none;
  return items.flatMap((item, index) => {
    const complaints = complain(item, index);
    return complaints.length === 0 ? none : under(`${prefix}[${index}]`, complaints);
  });
}

function joined(prefix: string, path: string): string {
  if (path === '' || prefix === '') return prefix + path;
  return path.startsWith('[') ? prefix + path : `${prefix}.${path}`;
}

/** All complaints in one text: the same ones merged, in the order of their messages, one a line. */
export function complaintText(complaints: Complaints): string {
  const merged = new Map<string, Complaint>();
  for (const complaint of complaints) {
    const key = `${complaint.message}\n${complaint.details ?? ''}`;
    const paths = new Set([...(merged.get(key)?.paths ?? []), ...complaint.paths]);
    merged.set(key, { ...complaint, paths: [...paths].sort(byText) });
  }
  return [...merged.values()]
    .sort((a, b) => byText(a.message, b.message) || byText(a.details ?? '', b.details ?? ''))
    .map(({ message, paths, details }) => `${message}: ${paths.join(', ')}${details ? `\n${details}` : ''}`)
    .join('\n');
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** A text as Tekton quotes it. */
export const quoted = (text = ''): string => JSON.stringify(text);
