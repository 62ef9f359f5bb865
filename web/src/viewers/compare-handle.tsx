/** The line between source and result: a slider with a name, to drag or to move with the arrows. */
import { ChevronsLeftRight } from 'lucide-react';
import { type PointerEvent, useRef } from 'react';

export function CompareHandle({ value, onChange }: { value: number; onChange(value: number): void }) {
  const box = useRef<HTMLDivElement>(null);
  const drag = (event: PointerEvent) => {
    const area = box.current?.getBoundingClientRect();
    if (!area || area.width === 0) return;
    onChange(Math.min(100, Math.max(0, (100 * (event.clientX - area.left)) / area.width)));
  };
  return (
    <div
      ref={box}
      className="absolute inset-0 cursor-ew-resize touch-pan-y"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && drag(event)}
    >
      <div
        className="absolute inset-y-0 w-0.5 -translate-x-1/2 bg-[oklch(1_0_0)]"
        style={{ left: `${value}%` }}
      >
        <div
          role="slider"
          tabIndex={0}
          aria-label="Line between source and result"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(value)}
          aria-valuetext={`${Math.round(value)} % source`}
          className="absolute top-1/2 left-1/2 flex size-9 -translate-x-1/2 -translate-y-1/2 items-center justify-center rounded-full bg-[oklch(1_0_0)] text-[oklch(0.2_0_0)]"
          onKeyDown={(event) => {
            const step = { ArrowLeft: -2, ArrowRight: 2, ArrowDown: -2, ArrowUp: 2, Home: -100, End: 100 }[
              event.key
            ];
            if (step === undefined) return;
            event.preventDefault();
            event.stopPropagation();
            onChange(Math.min(100, Math.max(0, value + step)));
          }}
        >
          <ChevronsLeftRight size={16} aria-hidden="true" />
        </div>
      </div>
    </div>
  );
}
