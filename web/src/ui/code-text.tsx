import { Fragment } from 'react';

/** Text in which `such` words are code. */
export function CodeText({ text }: { text: string }) {
  return text
    .split('`')
    .map((part, index) => <Fragment key={index}>{index % 2 ? <code>{part}</code> : part}</Fragment>);
}
