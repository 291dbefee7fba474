/** What the server keeps on the disk, and can do without. */

export interface Shrinkable {
  /** For the server's log: `images`. */
  readonly name: string;
  /**
   * Removes what nothing uses, what was not used for the longest time first, until about so many bytes are free or
   * nothing is left that may go. What is used is for it to know, at the time.
   * @returns bytes freed
   */
  shrink(bytes: number): Promise<number>;
}
