/**
 * The devices of a worker: which of them work is found by trials when the first job asks for one, and each kind has a
 * number of places. A job that takes any device goes on in software when there is none to be had; one
 * that was asked to use a kind waits for it, or takes its software stand-in where that is allowed.
 */
import type { DeviceKind } from '../core/devices.ts';
import { MillError } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import type { JobRecord } from '../queue/port.ts';
import {
  chooseDevices,
  type DeviceChoice,
  type DeviceTrials,
  decodersByTrials,
  judgeByTrials,
  type Verdict,
} from './device-choice.ts';
import { type DeviceSlot, DeviceSlots } from './device-slots.ts';
import type { Outcome, WorkOrder } from './protocol.ts';

export interface DevicesOptions {
  /** Jobs that may use one kind of device at a time; 0: none may. */
  slots: number;
  /** A device that encodes decodes as well, if its trials went well. */
  decode: boolean;
  /** Tries the devices of this machine; asked once, by the first job that wants one. Null: nobody knows. */
  inspect(): Promise<DeviceTrials | null>;
}

export interface Devices {
  /**
   * Null for a job whose encoders need no device. Throws `encoder_unavailable` for one that insists on a device that
   * does not work here.
   */
  wish(encoders: readonly string[], signal: AbortSignal): Promise<DeviceWish | null>;
}

export interface DeviceWish {
  /** Rejects with the signal's reason when that comes first. */
  reserve(surroundings: DeviceWait): Promise<DeviceGrant>;
}

export interface DeviceWait {
  signal: AbortSignal;
  /** All places are taken: it will take a while. */
  waits(): void;
  log(text: string): void;
}

/** Disposed of, its place is free for the next one. */
export interface DeviceGrant extends Disposable {
  /** Kinds of device whose encoders the job may open. */
  readonly kinds: DeviceKind[];
  /** Kind of device that decodes for them; null for software. */
  readonly decode_on: DeviceKind | null;
  /** Why the job does without the encoder it was asked to use; null when it does not. */
  readonly warning: string | null;
}

const SWITCHED_OFF: Verdict = {
  works: false,
  reason: 'hardware encoders are switched off here ([processing] hardware_slots is 0)',
};

export function createDevices({ slots, decode, inspect }: DevicesOptions): Devices {
  const places = new DeviceSlots(slots);
  let trials: Promise<DeviceTrials | null> | null = null;

  /** Trials take a while, and only those who want hardware wait for them. */
  async function judge(signal: AbortSignal): Promise<Judgement> {
    if (slots === 0) return { verdictOn: () => SWITCHED_OFF, decoding: [] };
    trials ??= inspect().catch(() => null);
    const known = await unlessAborted(trials, signal);
    return {
      verdictOn: judgeByTrials(known?.encoders ?? null),
      decoding: decode ? decodersByTrials(known?.decoders ?? null) : [],
    };
  }

  return {
    async wish(encoders, signal) {
      // Asked without a verdict first: most jobs want no device.
      if (!chooseDevices(encoders, () => ({ works: null, reason: null }))) return null;
      const { verdictOn, decoding } = await judge(signal);
      const choice = chooseDevices(encoders, verdictOn) as DeviceChoice;
      if (choice.kinds.length === 0 && choice.software === null) {
        throw new MillError('encoder_unavailable', sentence(choice), { facts: { encoder: choice.asked } });
      }
      return { reserve: (surroundings) => reserve(places, choice, decoding, surroundings) };
    },
  };
}

interface Judgement {
  verdictOn: ReturnType<typeof judgeByTrials>;
  /** Kinds that decode as well. */
  decoding: readonly DeviceKind[];
}

async function reserve(
  places: DeviceSlots,
  choice: DeviceChoice,
  decoding: readonly DeviceKind[],
  { signal, waits, log }: DeviceWait,
): Promise<DeviceGrant> {
  const { kinds, software, asked } = choice;
  for (const kind of kinds) {
    const slot = places.tryTake(kind);
    if (slot) return granted(kind, decoding, slot);
  }
  const [kind] = kinds;
  if (software !== null) {
    if (kind === undefined && asked === null)
      log(`No hardware encoder of this codec works here; ${software} encodes.`);
    if (kind !== undefined) log(`${inUse(kinds)}; ${software} encodes.`);
    const why =
      asked !== null && (kind ? `The encoder ${asked} was busy with other jobs.` : sentence(choice));
    return {
      kinds: [],
      decode_on: null,
      warning: why ? `${why} ${software} was used instead.` : null,
      [Symbol.dispose]() {},
    };
  }
  waits();
  log(`${inUse(kinds)}; this job waits for one.`);
  return granted(kind as DeviceKind, decoding, await places.take(kind as DeviceKind, signal));
}

function granted(kind: DeviceKind, decoding: readonly DeviceKind[], slot: DeviceSlot): DeviceGrant {
  return {
    kinds: [kind],
    decode_on: decoding.includes(kind) ? kind : null,
    warning: null,
    [Symbol.dispose]: () => slot[Symbol.dispose](),
  };
}

function sentence({ asked, reason }: DeviceChoice): string {
  return `The encoder ${asked} does not work here: ${reason}.`;
}

function inUse(kinds: readonly DeviceKind[]): string {
  return `Every place of ${kinds.join(' and ')} is taken`;
}

/** The encoders a job may open, in the order they are tried; none for most. Throws `invalid_params`. */
export function encodersOf(registry: Registry, { task, params }: JobRecord): string[] {
  return registry.get(task).encoders?.(registry.parse(task, params)) ?? [];
}

/** Runs an order while its device is set aside for it. */
export async function runWithDevice(
  wish: DeviceWish | null | undefined,
  order: WorkOrder,
  run: (order: WorkOrder) => Promise<Outcome>,
  wait: DeviceWait,
): Promise<Outcome> {
  if (!wish) return await run(order);
  using device = await wish.reserve(wait);
  const { kinds, decode_on } = device;
  const outcome = await run({ ...order, devices: kinds, ...(decode_on && { decode_on }) });
  if (device.warning === null) return outcome;
  const { report } = outcome;
  return { ...outcome, report: { ...report, warnings: [device.warning, ...report.warnings] } };
}

async function unlessAborted<T>(made: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = () => reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  return await Promise.race([made, promise]).finally(() => signal.removeEventListener('abort', leave));
}
