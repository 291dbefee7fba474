import { expect, test } from 'vitest';
import { ourFiles } from '../../../src/embedded/uninstall/files.ts';

test('what the server has made goes, and last what tells that it has; nothing else', () => {
  const present = ['instance', 'store.db-wal', 'notes.txt', 'layers', 'backup-12.tmp', 'replaced-x', 'store', 'token'];
  expect(ourFiles(present)).toEqual(['store.db-wal', 'layers', 'backup-12.tmp', 'replaced-x', 'token', 'instance']);
});
