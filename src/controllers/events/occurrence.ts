/** Something worth an Event: read from the state of an object, so that it is found again after a restart. */

import type { Told } from '../../resources/core/event-of.ts';

export interface Occurrence extends Told {
  /** Milliseconds for which it must hold before it is worth a word. Default: 0. */
  readonly holds?: number;
}

/** Milliseconds after which somebody may ask what something waits for. */
export const noticeableWait = 5000;
