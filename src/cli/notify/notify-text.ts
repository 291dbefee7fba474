/** Where something is posted, for people to see. Pure. */

import { type Notify, notifyEvents, shownUrl } from '../../resources/kf/notify.ts';

/** `https://example.org/… (failed, missed)` */
export const notifiesText = (notify: Notify | undefined): string | undefined =>
  notify === undefined ? undefined : `${shownUrl(notify.url)} (${(notify.on ?? notifyEvents).join(', ')})`;
