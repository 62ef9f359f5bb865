/** What went wrong on the network, in words of this program, and whether asking again can help. */
import { MillError } from '../core/errors.ts';

/** Transient: a broken connection or a silent server, worth another attempt soon. Else the error to throw. */
export type NetworkFailure = { transient: true; error: MillError } | { transient: false; error: unknown };

const TRANSIENT_WORDS: Record<string, string> = {
  ECONNREFUSED: 'The server refuses connections.',
  ECONNRESET: 'The server closed the connection.',
  EPIPE: 'The server closed the connection.',
  ETIMEDOUT: 'The server does not answer.',
  ENETUNREACH: 'The network of the server cannot be reached.',
  EHOSTUNREACH: 'The server cannot be reached.',
  EAI_AGAIN: 'The name of the server cannot be resolved at the moment.',
  UND_ERR_CONNECT_TIMEOUT: 'The server does not answer.',
  UND_ERR_HEADERS_TIMEOUT: 'The server accepted the request and then said nothing.',
  UND_ERR_BODY_TIMEOUT: 'The server stopped sending in the middle.',
  UND_ERR_SOCKET: 'The server closed the connection.',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'The server sent less than it announced.',
};

/** Codes of OpenSSL and of Node's own checks of certificates. */
const TLS_CODES = /CERT|TLS|SSL|SIGNATURE|EPROTO/;

const FINAL_WORDS: Record<string, string> = {
  ENOTFOUND: 'The name of the server cannot be resolved.',
  UND_ERR_HEADERS_OVERFLOW: 'The headers of the answer are too long.',
};

export function networkFailure(error: unknown): NetworkFailure {
  if (error instanceof MillError || !(error instanceof Error)) return { transient: false, error };
  const { code = '' } = error as NodeJS.ErrnoException;
  const words = TRANSIENT_WORDS[code];
  if (words) return { transient: true, error: new MillError('download_failed', words, { cause: error }) };
  return { transient: false, error: finalFailure(code, error) };
}

function finalFailure(code: string, cause: Error): unknown {
  const words = FINAL_WORDS[code];
  if (words) return new MillError('download_failed', words, { cause });
  if (cause.name === 'HTTPParserError') {
    return new MillError('download_refused', 'The answer of the server is not HTTP.', { cause });
  }
  if (TLS_CODES.test(code)) {
    return new MillError('download_refused', `There is no secure connection: ${cause.message.trim()}.`, {
      cause,
    });
  }
  return cause;
}
