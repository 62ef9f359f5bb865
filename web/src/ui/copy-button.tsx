import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { announce } from './announce';

/** How long the button shows that it has worked. */
const SHOWN_MS = 1500;

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages without a secure address have no clipboard of that kind.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function CopyButton({ text, label = 'Copy' }: { text: string | (() => string); label?: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="btn btn-quiet btn-small"
      onClick={async () => {
        if (!(await copyText(typeof text === 'string' ? text : text()))) return;
        setCopied(true);
        announce('Copied');
        setTimeout(() => setCopied(false), SHOWN_MS);
      }}
    >
      {copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
      {copied ? 'Copied' : label}
    </button>
  );
}
