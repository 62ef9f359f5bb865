/** A menu behind a button; what it is made of is loaded when somebody reaches for it. */
import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react';

export interface MenuItem {
  text: ReactNode;
  run(): void;
  /** Why it cannot be chosen. */
  off?: string;
  icon?: ReactNode;
  aside?: ReactNode;
  checked?: boolean;
}

export interface MenuProps {
  trigger: ReactElement;
  items: readonly (MenuItem | { label: string })[];
  align?: 'start' | 'end';
}

const load = () => import('./menu-popup');
const MenuPopup = lazy(async () => ({ default: (await load()).MenuPopup }));

export function Menu(props: MenuProps) {
  const [wanted, setWanted] = useState(false);
  const trigger = props.trigger as ReactElement<Record<string, unknown>>;
  const fetch = () => void load();
  const button = cloneElement(trigger, {
    'aria-haspopup': 'menu',
    onPointerEnter: fetch,
    onFocus: fetch,
    onClick: () => setWanted(true),
  });
  if (!wanted) return button;
  return (
    <Suspense fallback={trigger}>
      <MenuPopup {...props} />
    </Suspense>
  );
}
