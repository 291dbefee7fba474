/** Shares equal strings and label maps, so that an index of many like objects stays small. */

/** Forgets everything when this many are known: bounded, and related objects are written close together anyway. */
const capacity = 20_000;

export class Interner {
  #strings = new Map<string, string>();
  #labels = new Map<string, Readonly<Record<string, string>>>();

  string(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size >= capacity) this.#strings.clear();
    this.#strings.set(text, text);
    return text;
  }

  /** The map that a JSON text describes, frozen; the same map for the same text. */
  labels(json: string): Readonly<Record<string, string>> {
    const known = this.#labels.get(json);
    if (known !== undefined) return known;
    const parsed = JSON.parse(json) as Record<string, string>;
    for (const key of Object.keys(parsed)) parsed[key] = this.string(parsed[key] ?? '');
    if (this.#labels.size >= capacity / 10) this.#labels.clear();
    this.#labels.set(json, Object.freeze(parsed));
    return parsed;
  }
}
