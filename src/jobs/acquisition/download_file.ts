import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { bytes } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { abortFailure } from '../files/abort.ts';
import { createByteMeter } from '../files/byte-meter.ts';
import { writeOutput } from '../files/output.ts';
import { sizeText } from '../files/size-text.ts';
import type { Downloaded, DownloadOptions } from '../network/download.ts';

const TiB = 1024 ** 4;

export default defineJob({
  name: 'download_file',
  title: 'Download a file',
  description:
    'Fetches a file over http or https, goes on where it was after a broken connection, and checks size and checksum. Addresses in private networks are refused unless [network] allow lists them.',
  group: 'acquisition',
  usesNetwork: true,
  params: z.strictObject({
    url: z
      .string()
      .max(8192)
      .superRefine((text, context) => {
        const problem = urlProblem(text);
        if (problem) context.addIssue({ code: 'custom', message: problem });
      })
      .meta({
        title: 'URL',
        format: 'uri',
        description: 'http or https, without user name and password. At most 5 redirects are followed.',
        examples: ['https://example.org/video.mp4'],
      }),
    sha256: z
      .string()
      .trim()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
      .toLowerCase()
      .optional()
      .meta({
        title: 'SHA-256',
        description: 'Checksum the file must have; another one fails the job with checksum_mismatch.',
      }),
    max_bytes: bytes(
      { min: 1, max: 16 * TiB },
      {
        title: 'Largest size',
        description: 'The job fails when the server announces or sends more.',
        examples: ['2GB'],
      },
    ).prefault('100GiB'),
    timeout_seconds: z.number().positive().max(604_800).default(3600).meta({
      title: 'Time limit',
      unit: 'seconds',
      description: 'For the whole download, with all its attempts. The time limit of the job holds as well.',
    }),
    idle_timeout_seconds: z.number().positive().max(600).default(30).meta({
      title: 'Idle limit',
      unit: 'seconds',
      group: 'advanced',
      description: 'After so long without a byte the connection counts as broken and is made again.',
    }),
  }),
  input: { kind: 'none' },
  output: { kind: 'file', extensions: [] },
  example: {
    output_path: '/data/output/video.mp4',
    params: { url: 'https://example.org/video.mp4', max_bytes: '2GB' },
    result: {
      url: 'https://example.org/video.mp4',
      final_url: 'https://example.org/video.mp4',
      size_bytes: 44272,
      sha256: '5b84f328d47fad254cc10074a8abf92c57446f4fb85905e284068f7242d08ae3',
      content_type: 'video/mp4',
      last_modified: null,
      redirects: 0,
      resumed: 0,
      restarted: 0,
    },
  },

  async run(context, params) {
    const deadline = AbortSignal.timeout(Math.ceil(params.timeout_seconds * 1000));
    const signal = AbortSignal.any([context.signal, deadline]);
    using meter = createByteMeter(context, 'downloading', null);
    const result = await writeOutput(context, async (file) => {
      const options: DownloadOptions = {
        url: params.url,
        file,
        allow: context.network.allow,
        maxBytes: params.max_bytes,
        idleTimeoutMs: Math.ceil(params.idle_timeout_seconds * 1000),
        signal,
        meter,
        log: (text) => context.log('warn', text),
      };
      try {
        // Every process knows this job and few run it: the HTTP client is loaded when it is needed.
        const { download } = await import('../network/download.ts');
        const downloaded = await download(options);
        checkHash(downloaded, params.sha256);
        return downloaded;
      } catch (error) {
        if (context.signal.aborted) throw abortFailure(context.signal);
        if (!deadline.aborted) throw error;
        throw new MillError(
          'timed_out',
          `The download took longer than ${plural(params.timeout_seconds, 'second')}; ${sizeText(meter.done)} had arrived.`,
          { facts: { timeout_seconds: params.timeout_seconds, received_bytes: meter.done } },
        );
      }
    });
    meter.total = result.size;
    return {
      message: `${sizeText(result.size)} from ${result.url.hostname}.`,
      data: {
        url: params.url,
        final_url: withoutQuery(result.url),
        size_bytes: result.size,
        sha256: result.sha256,
        content_type: result.contentType,
        last_modified: result.lastModified,
        redirects: result.redirects,
        resumed: result.resumed,
        restarted: result.restarted,
      },
      warnings: result.downgraded ? ['The server redirected from https to plain http.'] : [],
    };
  },
});

function urlProblem(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return 'must be a URL such as https://example.org/video.mp4';
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `must be http or https, not ${url.protocol}`;
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  return null;
}

function checkHash({ sha256, size }: Downloaded, expected: string | undefined): void {
  if (expected === undefined || expected === sha256) return;
  throw new MillError(
    'checksum_mismatch',
    `The SHA-256 of the ${sizeText(size)} received is ${sha256}, expected was ${expected}.`,
    { facts: { algorithm: 'sha256', expected, actual: sha256, size_bytes: size } },
  );
}

/** What a redirect adds behind the question mark is often a signature that opens the file for everybody. */
function withoutQuery(url: URL): string {
  const plain = new URL(url);
  plain.search = '';
  return plain.href;
}
