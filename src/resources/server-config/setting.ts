/** What a setting of the server's `config.yaml` is, and the types of values that there are. Pure. */

import { parseDuration } from '../duration.ts';
import { formatBytes, fromCloudFoundrySize, parseQuantity } from '../quantity.ts';

export interface SettingType<T> {
  /** What a value is, for the reference: `a size, like 512Mi or 4Gi`. */
  readonly name: string;
  /** @param value as it stands in the file, or the text of an environment variable. @throws Error: `must be …` */
  read(value: unknown): T;
  /** What stands in the file for the words of `kf configure-server set NAME WORD…`. Default: the only word. */
  fromWords?(words: readonly string[]): unknown;
}

export interface Setting<T, D extends T | undefined = T | undefined> {
  readonly type: SettingType<T>;
  /** What holds without it; undefined where that depends on the machine. */
  readonly default: D;
  /** What holds without it, in words. */
  readonly defaultText: string;
  /** One or two sentences for the reference. */
  readonly description: string;
  /** A value as it may stand in the file. */
  readonly example: unknown;
  /** An environment variable of the server that comes before the file. Default: none. */
  readonly env?: string;
  /** What changes it instead of `kf configure-server set`. Default: nothing does. */
  readonly command?: string;
  /** When a change is in force. */
  readonly inForce: 'at once' | 'at the next start';
}

/** A setting without its types being lost. */
export const setting = <T, D extends T | undefined>(declared: Setting<T, D>): Setting<T, D> => declared;

const must = (what: string): Error => new Error(`must be ${what}`);

/** Bytes, out of a number or a size as Kubernetes or Cloud Foundry write it. */
export const size = ({
  least,
  most = Infinity,
}: {
  readonly least: 0 | 1;
  readonly most?: number;
}): SettingType<number> => {
  const name = most === Infinity ? 'a size, like 512Mi or 4Gi' : `a size up to ${formatBytes(most)}`;
  return {
    name,
    read(value) {
      const bytes = parseQuantity(fromCloudFoundrySize(textOf(value)));
      if (bytes === undefined || bytes < least || bytes > most) throw must(name);
      return bytes;
    },
  };
};

export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER): SettingType<number> => {
  const name = `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${most}`}`;
  return {
    name,
    read(value) {
      const text = textOf(value);
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (!(number >= least && number <= most)) throw must(name);
      return number;
    },
  };
};

export const yesOrNo: SettingType<boolean> = {
  name: 'true or false',
  read(value) {
    if (!['true', 'false'].includes(String(value))) throw must(this.name);
    return String(value) === 'true';
  },
};

/** Milliseconds, out of a Go duration; 0: no limit. */
export const timeLimit: SettingType<number> = {
  name: 'a duration, like 30s, 5m or 1h30m, or 0',
  read(value) {
    const milliseconds = parseDuration(textOf(value));
    if (milliseconds === undefined || milliseconds < 0) throw must(this.name);
    return milliseconds;
  },
};

/** Milliseconds above 0, out of a Go duration. */
export const duration: SettingType<number> = {
  name: 'a duration, like 30s, 5m or 1h30m',
  read(value) {
    const milliseconds = parseDuration(textOf(value));
    if (milliseconds === undefined || milliseconds <= 0) throw must(this.name);
    return milliseconds;
  },
};

/** @param refusal why a path cannot be one. Default: every absolute path can */
export const directories = (
  refusal: (path: string) => string | undefined = () => undefined,
): SettingType<readonly string[]> => ({
  name: 'a list of absolute paths',
  read(value) {
    const isPath = (one: unknown): boolean => typeof one === 'string' && /^\/[^\0\n]*$/.test(one);
    if (!Array.isArray(value) || !value.every(isPath)) throw must(this.name);
    for (const path of value as readonly string[]) {
      const why = refusal(path);
      if (why !== undefined) throw new Error(`cannot hold ${path}: ${why}`);
    }
    return value as readonly string[];
  },
  fromWords: (words) => words,
});

/** A list of texts; each is a word. */
export const texts = (name: string, accepts: (text: string) => boolean): SettingType<readonly string[]> => ({
  name,
  read(value) {
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string' && accepts(one))) throw must(name);
    return value as readonly string[];
  },
  fromWords: (words) => words,
});

export const text = (name: string, accepts: (text: string) => boolean): SettingType<string> => ({
  name,
  read(value) {
    if (typeof value !== 'string' || !accepts(value)) throw must(name);
    return value;
  },
});

/** A map of texts; words are `KEY=VALUE`. */
export const textMap = (name: string, accepts: (key: string, value: string) => boolean): SettingType<TextMap> => ({
  name,
  read(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw must(name);
    for (const [key, text] of Object.entries(value))
      if (typeof text !== 'string' || !accepts(key, text)) throw must(name);
    return value as TextMap;
  },
  fromWords: (words) =>
    Object.fromEntries(
      words.map((word) => {
        const at = word.indexOf('=');
        if (at < 1) throw must('KEY=VALUE …');
        return [word.slice(0, at), word.slice(at + 1)];
      }),
    ),
});

export type TextMap = Readonly<Record<string, string>>;

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

/** A map of anything; the only word is its JSON. @param known its fields */
export const jsonMap = (name: string, known: readonly string[]): SettingType<Readonly<Record<string, unknown>>> => ({
  name,
  read(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw must(name);
    if (Object.keys(value).some((key) => !known.includes(key)))
      throw must(`${name}, with fields of ${known.join(', ')}`);
    return value as Readonly<Record<string, unknown>>;
  },
  fromWords(words) {
    try {
      return JSON.parse(words.join(' '));
    } catch {
      throw must(`${name}, as JSON`);
    }
  },
});
