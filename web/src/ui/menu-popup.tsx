import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement } from 'react';
import type { MenuProps } from './menu';

/** Mounted when it is asked for, so it is open from the first. */
export function MenuPopup({ trigger, items, align = 'end' }: MenuProps) {
  return (
    <Base.Root modal={false} defaultOpen>
      <Base.Trigger render={trigger as ReactElement<Record<string, unknown>>} />
      <Base.Portal>
        <Base.Positioner align={align} sideOffset={4} className="z-40">
          <Base.Popup className="menu">
            {items.map((item) =>
              'label' in item ? (
                <div className="menu-label" key={`label-${item.label}`}>
                  {item.label}
                </div>
              ) : (
                <Base.Item
                  key={typeof item.text === 'string' ? item.text : undefined}
                  className="menu-item"
                  disabled={item.off !== undefined}
                  title={item.off}
                  onClick={item.run}
                >
                  {item.icon}
                  <span className="min-w-0 flex-1 truncate">{item.text}</span>
                  {item.checked && <span aria-hidden="true">✓</span>}
                  {item.checked && <span className="unseen">chosen</span>}
                  {item.aside && <span className="text-text-3">{item.aside}</span>}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
