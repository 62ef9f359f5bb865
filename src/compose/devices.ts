/** The devices of this worker, tried when a job first asks for one. */
import { deviceKindOf } from '../core/devices.ts';
import type { Devices } from '../runner/devices.ts';
import { inspectEngine } from './inspect.ts';
import type { Services } from './services.ts';

export async function composeDevices({
  config,
  logger,
}: Pick<Services, 'config' | 'logger'>): Promise<Devices> {
  const { createDevices } = await import('../runner/devices.ts');
  return createDevices({
    slots: config.processing.hardware_slots,
    decode: config.processing.hardware_decoding,
    async inspect() {
      const { encoders, decoders = [], problem } = await inspectEngine();
      if (!encoders) {
        logger.warn({ problem }, 'hardware encoders could not be tried');
        return null;
      }
      const working = encoders.filter(({ name, works }) => works && deviceKindOf(name) !== null);
      logger.info({ working: working.map(({ name }) => name) }, 'hardware encoders were tried');
      for (const { name, differs, reason } of decoders)
        if (differs.length > 0) logger.warn({ device: name, reason }, 'a device is not used for decoding');
      return { encoders, decoders };
    },
  });
}
