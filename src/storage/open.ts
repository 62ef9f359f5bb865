/** The storage that the configuration names; only its driver is loaded. */
import type { Config } from '../core/config.ts';
import type { Storage } from './port.ts';

/** Throws `invalid_config`, `storage_unavailable`. */
export async function openStorage({
  type,
  input_path,
  output_path,
  s3,
}: Config['storage']): Promise<Storage> {
  if (type === 'local') {
    const { default: openLocalStorage } = await import('./drivers/local.ts');
    return openLocalStorage({ inputRoot: input_path, outputRoot: output_path });
  }
  const { default: openS3Storage } = await import('./drivers/s3.ts');
  return openS3Storage({
    bucket: s3.bucket,
    region: s3.region,
    endpoint: s3.endpoint,
    pathStyle: s3.path_style,
    checksums: s3.checksum_mode === 'when_supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    prefix: s3.prefix === '' || s3.prefix.endsWith('/') ? s3.prefix : `${s3.prefix}/`,
    workRoot: s3.work_path,
  });
}
