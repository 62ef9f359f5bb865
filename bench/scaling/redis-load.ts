/** What a Redis did between two looks. */
import type { Redis } from 'ioredis';

export interface RedisLoad {
  seconds: number;
  /** Processor time, milliseconds. */
  cpu_ms: number;
  commands: number;
  received_bytes: number;
  sent_bytes: number;
}

export async function watchRedis(redis: Redis): Promise<() => Promise<RedisLoad>> {
  const first = await look(redis);
  return async () => {
    const last = await look(redis);
    return {
      seconds: last.seconds - first.seconds,
      cpu_ms: last.cpu_ms - first.cpu_ms,
      commands: last.commands - first.commands,
      received_bytes: last.received_bytes - first.received_bytes,
      sent_bytes: last.sent_bytes - first.sent_bytes,
    };
  };
}

async function look(redis: Redis): Promise<RedisLoad> {
  const info = `${await redis.info('cpu')}\n${await redis.info('stats')}`;
  const value = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    seconds: performance.now() / 1000,
    cpu_ms: 1000 * (value('used_cpu_user') + value('used_cpu_sys')),
    commands: value('total_commands_processed'),
    received_bytes: value('total_net_input_bytes'),
    sent_bytes: value('total_net_output_bytes'),
  };
}
