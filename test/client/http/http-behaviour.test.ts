import { startServer } from '../../apiserver/http/support.ts';
import { describeClient } from '../client-behaviour.ts';

describeClient('over HTTPS', async () => {
  const { api, client, close } = await startServer();
  return {
    client,
    close,
    async compact() {
      await api.barrier();
      await api.store.compact(api.store.revision);
    },
  };
});
