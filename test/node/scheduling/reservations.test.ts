import { expect, test } from 'vitest';
import type { RoomRequest } from '../../../src/client/machine-room.ts';
import { type DiskProvider, DiskReserveError, DiskTooSmallError } from '../../../src/node/disk/disk.ts';
import { Admission } from '../../../src/node/scheduling/admission.ts';
import { Reservations } from '../../../src/node/scheduling/reservations.ts';
import type { Pod } from '../../../src/resources/core/pod.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const gib = 2 ** 30;

/** A machine with so many places, and disk as the test says. */
function machine({ maxPods = 1 } = {}) {
  const admission = new Admission({ memoryBytes: 4 * gib, maxPods });
  const clock = new FakeClock(0);
  const state: { diskError?: Error; promised: number } = { promised: 0 };
  const disk = {
    async reserve() {
      if (state.diskError !== undefined) throw state.diskError;
      state.promised++;
      return () => {
        state.promised--;
      };
    },
  } as Pick<DiskProvider, 'reserve'> as DiskProvider;
  const woken: string[] = [];
  const admitted: string[] = [];
  const pump = (): void => {
    for (let next = admission.next(); next !== undefined; next = admission.next())
      if (!room.turnOf(next.uid)) admitted.push(next.uid);
  };
  const room = new Reservations({
    context: { clock, disk, stopping: new AbortController().signal },
    admission,
    pump,
  });
  room.onChange(({ name }) => woken.push(name));
  return { admission, clock, state, woken, admitted, room, pump };
}

const request = (name: string, memoryBytes = gib): RoomRequest => ({
  ref: { namespace: 'dev', name },
  uid: `uid-${name}`,
  since: name,
  memoryBytes,
  diskBytes: gib,
});
const podOf = (name: string) =>
  ({
    metadata: { name: `${name}-pod`, uid: `pod-${name}`, labels: { 'kf.dev/log-owner': `uid-${name}` } },
  }) as never as Pod;
const candidate = (name: string) => ({ uid: `pod-${name}`, namespace: 'dev', memoryBytes: gib });

test('the room that was granted is taken by the Pod that was made for it, and by no other', async () => {
  const { room, admission, state, woken } = machine();
  expect(await room.ask(request('a'))).toEqual({ verdict: 'granted' });
  expect(await room.ask(request('a'))).toEqual({ verdict: 'granted' });
  expect(admission.free.pods).toBe(0);
  expect(state.promised).toBe(1);
  expect(await room.ask(request('b'))).toEqual({
    verdict: 'later',
    reason: 'WaitingForRoom',
    message: '1 of 1 places are taken',
  });
  expect(room.redeem(podOf('b'), candidate('b'))).toBe(false);
  expect(room.redeem(podOf('a'), candidate('a'))).toBe(true);
  expect(room.redeem(podOf('a'), candidate('a'))).toBe(false);
  expect(state.promised).toBe(0);
  // The Task's end gives back nothing that its Pod has.
  room.leave(request('a').ref);
  expect(admission.free.pods).toBe(0);
  expect(woken).toEqual([]);
});

test('who leaves makes room; the oldest is woken, whatever the order in which they asked', async () => {
  const { room, woken } = machine();
  await room.ask(request('first'));
  for (const name of ['t3', 't1', 't2']) await room.ask(request(name));
  room.leave(request('t2').ref);
  room.leave(request('first').ref);
  expect(woken).toEqual(['t1']);
  expect(await room.ask(request('t1'))).toEqual({ verdict: 'granted' });
  expect(await room.ask(request('t3'))).toMatchObject({ verdict: 'later' });
});

test('another object of the same name has no share in what the first one was granted', async () => {
  const { room, admission } = machine();
  await room.ask(request('a'));
  expect(await room.ask({ ...request('a'), uid: 'another' })).toEqual({ verdict: 'granted' });
  expect(admission.free.pods).toBe(0);
  room.leave(request('a').ref);
  expect(admission.free.pods).toBe(1);
});

test('without disk it waits beside the queue, and asks again', async () => {
  const { room, admission, clock, state, woken } = machine();
  state.diskError = new DiskReserveError('needs 1 GiB of disk, 0 available');
  const later = { verdict: 'later', reason: 'DiskReserve', message: 'needs 1 GiB of disk, 0 available' };
  expect(await room.ask(request('a'))).toEqual(later);
  expect(await room.ask(request('a'))).toEqual(later);
  expect(admission.free.pods).toBe(1);
  delete state.diskError;
  clock.advance(2000);
  expect(woken).toEqual(['a']);
  expect(await room.ask(request('a'))).toEqual({ verdict: 'granted' });
});

test('what never fits is told so, and takes nothing', async () => {
  const { room, admission, state } = machine();
  expect(await room.ask(request('huge', 5 * gib))).toEqual({
    verdict: 'never',
    message: 'needs 5Gi of memory, this machine has 4Gi for tasks',
  });
  state.diskError = new DiskTooSmallError('needs 900 GiB of disk');
  expect(await room.ask(request('wide'))).toEqual({ verdict: 'never', message: 'needs 900 GiB of disk' });
  expect(admission.free).toEqual({ pods: 1, memoryBytes: 4 * gib });
});

test('while nobody is let in those that wait hear the reason', async () => {
  const { room, woken } = machine();
  await room.ask(request('a'));
  await room.ask(request('b'));
  room.close('cordoned');
  expect(woken).toEqual(['b']);
  expect(await room.ask(request('b'))).toEqual({ verdict: 'later', reason: 'NodeUnschedulable', message: 'cordoned' });
  room.close(undefined);
  expect(await room.ask(request('b'))).toMatchObject({ reason: 'WaitingForRoom' });
});
