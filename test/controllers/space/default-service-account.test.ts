import { expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { startDefaultServiceAccountController } from '../../../src/controllers/space/default-service-account.ts';
import { Namespace, ServiceAccount } from '../../../src/resources/core/kinds.ts';
import { clientSettings } from '../clients.ts';
import { untilObject } from '../until.ts';

test.each(Object.entries(clientSettings()))(
  'every namespace has one, made anew when it goes: %s client',
  async (_name, open) => {
    const setting = await open();
    const { honest } = setting;
    const controller = startDefaultServiceAccountController({ client: setting.controllers(), clock: systemClock });
    await honest.create(Namespace, { metadata: { name: 'dev' } });
    const account = { namespace: 'dev', name: 'default' };
    const first = await untilObject(honest, ServiceAccount, account, () => true);
    await honest.patch(ServiceAccount, account, { type: 'merge', body: { secrets: [{ name: 'git' }] } });
    await honest.delete(ServiceAccount, account);
    const second = await untilObject(
      honest,
      ServiceAccount,
      account,
      ({ metadata }) => metadata.uid !== first.metadata.uid,
    );
    expect(second.secrets).toBeUndefined();
    await untilObject(honest, ServiceAccount, { namespace: 'default', name: 'default' }, () => true);
    await controller.stop();
    await setting.close();
  },
);
