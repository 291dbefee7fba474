import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** How many times longer than usual anything may take: a virtual machine is slow. */
const patience = Number(process.env.KF_TEST_PATIENCE) || 1;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          // Vitest leaves a processor for itself, which of two is half.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          testTimeout: 30_000,
          // Keys and certificates are made in hooks: on a machine that does much else that takes a while.
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Real containers share one machine: one file at a time, and room for slow disks.
          fileParallelism: false,
          testTimeout: 60_000 * patience,
          hookTimeout: 120_000 * patience,
          // Vitest's own second is short for a machine that does much else.
          expect: { poll: { timeout: 30_000 * patience } },
        },
      },
    ],
  },
});
