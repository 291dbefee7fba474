/** What to do about an App whose newest build failed, or whose image has gone. Pure. */

import { conditionOf } from '../../resources/condition.ts';
import { type App, buildName } from '../../resources/kf/app.ts';
import { imageMissing } from '../../resources/kf/build.ts';
import type { Tip } from '../errors.ts';

/** @param flags of every command that is named, like ` --space dev` */
export function buildFailedTips(app: App, flags: string): readonly Tip[] {
  const { name } = app.metadata;
  if (conditionOf(app, 'BuildReady')?.reason === imageMissing)
    return [{ description: 'Build it again', command: `kf push ${name} --task${flags}` }];
  if (app.spec.build.image === undefined)
    return [{ description: 'See the build log', command: `kf build-logs ${buildName(app)}${flags}` }];
  // An image that is taken as it is has no build to tell of.
  const tips = [
    { description: 'Ask for the image again', command: `kf restage ${name}${flags}` },
    { description: 'Take another image', command: `kf push ${name} --docker-image IMAGE${flags}` },
  ];
  if (app.status?.image === undefined)
    tips.push({ description: 'Remove the App', command: `kf delete ${name}${flags}` });
  return tips;
}
