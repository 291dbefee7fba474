/** Values of flags, checked where they are read, so that bad input changes nothing. Pure. */

import { parseDuration } from '../resources/duration.ts';
import { isDns1035Label } from '../resources/names.ts';
import { fromCloudFoundrySize, parseQuantity } from '../resources/quantity.ts';

/** A size as Cloud Foundry or Kubernetes writes it, as a quantity of bytes. */
export function size(text: string): string {
  const quantity = fromCloudFoundrySize(text);
  const bytes = parseQuantity(quantity);
  if (bytes === undefined || bytes <= 0 || !Number.isFinite(bytes))
    throw new Error('It must be a size above 0, like 512M or 1G.');
  return quantity;
}

const smallest =
  (bytes: number, complaint: string) =>
  (text: string): string => {
    const quantity = size(text);
    if ((parseQuantity(quantity) ?? 0) < bytes) throw new Error(complaint);
    return quantity;
  };

/** Memory of a Task. With less the runtime's own first process does not fit (2.6 MB with runc). */
export const memorySize = smallest(4 * 2 ** 20, 'It must be 4M or more: a container does not start with less.');

/** Disk of a Task. Less cannot be enforced: its file system takes half of that for itself. */
export const diskSize = smallest(2 ** 20, 'It must be 1M or more: a file system of its own needs that.');

/** Cores as a quantity: `0.5`, `500m`, `2`. */
export function cores(text: string): string {
  const value = parseQuantity(text.trim());
  if (value === undefined || value <= 0) throw new Error('It must be a number of cores above 0, like 500m or 2.');
  return text.trim();
}

export function nonEmpty(text: string): string {
  if (text === '') throw new Error('It must not be empty.');
  return text;
}

export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** `NAME=VALUE`; the value may hold anything, further `=` too. */
export function variable(text: string): Variable {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`malformed environment variable: ${text}; it must be NAME=VALUE.`);
  return { name: variableName(text.slice(0, at)), value: text.slice(at + 1) };
}

export function variableName(name: string): string {
  if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name))
    throw new Error(`the name ${JSON.stringify(name)} must be letters, digits, _, - and ., not starting with a digit.`);
  return name;
}

/** A whole number from `least` on. */
export const wholeNumber =
  (least: number, complaint: string) =>
  (text: string): number => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < least) throw new Error(complaint);
    return value;
  };

/** A Go duration above 0, as it is. */
export function duration(text: string): string {
  const value = parseDuration(text.trim());
  if (value === undefined || value <= 0) throw new Error('It must be a duration above 0, like 90s, 30m or 1h30m.');
  return text.trim();
}

/** Whole seconds out of a Go duration or a plain number. */
export function seconds(text: string): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : parseDuration(text.trim());
  if (value === undefined || value < 0) throw new Error('It must be a duration, like 30s or 0.');
  return Math.ceil(value / 1000);
}

/** The name of an App or Space. */
export function objectName(text: string): string {
  if (!isDns1035Label(text))
    throw new Error(
      `${JSON.stringify(text)} is not a valid name: lower-case letters, digits and dashes, starting with a letter, at most 63 long`,
    );
  return text;
}
