import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TaskQueue } from '../../../src/controllers/task/task-queue.ts';

test('the oldest of those that wait comes first, whoever came, left, or changed its age', () => {
  const step = fc.record({ name: fc.integer({ max: 20, min: 0 }), age: fc.option(fc.integer({ max: 99, min: 10 })) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const line = new TaskQueue();
      const model = new Map<string, string>();
      for (const { name, age } of steps) {
        if (age === null) {
          line.leave(`${name}`);
          model.delete(`${name}`);
        } else {
          line.enter(`${name}`, `${age} ${name}`);
          model.set(`${name}`, `${age} ${name}`);
        }
        const [oldest] = [...model].sort(([, one], [, other]) => (one < other ? -1 : 1));
        expect(line.first()).toEqual(oldest === undefined ? undefined : { name: oldest[0], age: oldest[1] });
        expect(line.size).toBe(model.size);
      }
    }),
  );
});
