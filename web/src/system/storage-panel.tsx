/** The disks that sources and results lie on. */
import type { SystemReport } from '../api/types';
import { Panel } from '../job/panel';
import { size } from '../text/numbers';

export function StoragePanel({ system }: { system: SystemReport }) {
  const { disk, storage } = system;
  return (
    <Panel title="Storage" aside={storage.type}>
      <ul className="flex flex-col gap-3 p-4">
        {disk.map(({ name, path, free_bytes, total_bytes }) => (
          <li key={name}>
            <p className="flex justify-between gap-4">
              <span>
                {name} <code className="text-text-2">{path}</code>
              </span>
              <span className="text-text-2">
                {free_bytes === null ? 'unknown' : `${size(free_bytes)} free`}
              </span>
            </p>
            {free_bytes !== null && total_bytes ? (
              <span
                className="mt-1.5 block h-1 overflow-hidden rounded-4 bg-track"
                role="img"
                aria-label={`${size(total_bytes - free_bytes)} of ${size(total_bytes)} used`}
              >
                <span
                  className="block h-full origin-left bg-text-2"
                  style={{ transform: `scaleX(${1 - free_bytes / total_bytes})` }}
                />
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
