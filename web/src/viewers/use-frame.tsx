/** The moment at which a player stands, for every task that takes one. */
import { Crosshair } from 'lucide-react';
import { useTasks } from '../api/queries';
import type { FieldSchema, Task } from '../api/types';
import { titleOf } from '../text/names';
import { fullClock } from '../text/time';
import { Menu } from '../ui/menu';

export type OnFrame = (task: string, params: Record<string, unknown>) => void;

interface Use {
  task: Task;
  field: string;
  /** Does the field take several moments? */
  many: boolean;
  text: string;
}

const isMoment = (schema: FieldSchema | undefined) => schema?.moment === true;

/** By the hints of the schemas: tasks on video with a field that is a moment. */
function usesOf(tasks: readonly Task[]): Use[] {
  return tasks
    .filter(({ input }) => input.kind === 'media' && input.needs === 'video')
    .flatMap((task) =>
      Object.entries(task.params.properties ?? {})
        .filter(([, schema]) => isMoment(schema) || isMoment(schema.items))
        .filter(() => (task.params.required ?? []).length === 0)
        .map(([field, schema]) => ({
          task,
          field,
          many: isMoment(schema.items),
          text: `${task.title}: ${(schema.title ?? titleOf(field)).toLowerCase()}`,
        })),
    );
}

export function UseFrame({
  time,
  onFrame,
  className,
}: {
  time(): number;
  onFrame: OnFrame;
  className: string;
}) {
  const { data: tasks = [] } = useTasks();
  const uses = usesOf(tasks);
  if (uses.length === 0) return null;
  return (
    <Menu
      trigger={
        <button type="button" className={className}>
          <Crosshair size={14} aria-hidden="true" /> Use this frame
        </button>
      }
      items={[
        { label: 'Start a task with it' },
        ...uses.map(({ task, field, many, text }) => ({
          text,
          run: () => {
            const moment = fullClock(time());
            onFrame(task.name, { [field]: many ? [moment] : moment });
          },
        })),
      ]}
    />
  );
}
