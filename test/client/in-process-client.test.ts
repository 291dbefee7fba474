import { startLocalApi } from '../support/local-api.ts';
import { describeClient } from './client-behaviour.ts';

describeClient('in process', async () => {
  const { api, client, close } = startLocalApi();
  return {
    client,
    close,
    async compact() {
      await api.barrier();
      await api.store.compact(api.store.revision);
    },
  };
});
