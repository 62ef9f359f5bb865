/**
 * The one way out to the network. A dispatcher for undici that resolves names itself, checks every address
 * a name has, and connects to exactly the address it checked: there is no second look-up that could answer
 * differently (DNS rebinding). Redirects and everything above a connection are the caller's.
 */
import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { MillError } from '../core/errors.ts';
import { type AddressPolicy, createAddressPolicy } from './address-policy.ts';

/** All addresses of a host name, best first. */
export type Resolve = (hostname: string) => Promise<string[]>;

export interface GuardedAgentOptions {
  /** Hosts and CIDR ranges that may be contacted although they are private. */
  allow: readonly string[];
  /** Milliseconds for one connection to one address, TLS included. */
  connectTimeoutMs?: number;
  /** Milliseconds without a byte of the answer, before and in its body. */
  idleTimeoutMs?: number;
  /** The system's resolver unless given. */
  resolve?: Resolve;
}

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
/** A name with more addresses than this is no reason to try them all. */
const MAX_ATTEMPTS = 4;

/** The caller closes or destroys it. Requests fail with `blocked_address` where an address is refused. */
export function createGuardedAgent(options: GuardedAgentOptions): Dispatcher {
  const idle = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
  return new Agent({
    connect: guardedConnector(options),
    headersTimeout: idle,
    bodyTimeout: idle,
    allowH2: false,
  });
}

type ConnectOptions = buildConnector.Options;

function guardedConnector(options: GuardedAgentOptions): buildConnector.connector {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, resolve = resolveBySystem } = options;
  const policy = createAddressPolicy(options.allow);
  const connectTo = buildConnector({ timeout: connectTimeoutMs, allowH2: false });

  async function connect(target: ConnectOptions): Promise<Socket> {
    const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1');
    const addresses = isIP(hostname) ? [hostname] : await resolve(hostname);
    checkAll(policy, hostname, addresses);
    let failure: unknown = new MillError('download_failed', `"${hostname}" has no address.`);
    for (const address of addresses.slice(0, MAX_ATTEMPTS)) {
      try {
        return await connectOnce({ ...target, hostname: address, ...serverName(target, hostname) });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  function connectOnce(target: ConnectOptions): Promise<Socket> {
    return new Promise((fulfil, reject) => {
      connectTo(target, (error, socket) => (error ? reject(error) : fulfil(socket as Socket)));
    });
  }

  return (target, callback) => {
    connect(target).then(
      (socket) => callback(null, socket),
      (error) => callback(error, null),
    );
  };
}

/** One refused address refuses the name: which of them is used next time is not ours to choose. */
function checkAll(policy: AddressPolicy, hostname: string, addresses: string[]): void {
  for (const address of addresses) {
    const refusal = policy.refusal(hostname, address);
    if (refusal === null) continue;
    const what = isIP(hostname) ? 'is' : 'resolves to';
    throw new MillError('blocked_address', `"${hostname}" ${what} a ${refusal} address.`, {
      facts: { host: hostname, reason: refusal },
    });
  }
}

/** The certificate is checked against the name, though the connection goes to an address. */
function serverName(target: ConnectOptions, hostname: string): { servername?: string } {
  return target.protocol === 'https:' && !isIP(hostname) ? { servername: hostname.replace(/\.$/, '') } : {};
}

async function resolveBySystem(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address);
}
