/** Asks for files with the browser's own dialog. */
import { addFiles } from './uploads';

let openNew: () => void = () => {};

/** How to get to the page for new jobs; told once by what knows the addresses. */
export function onFilesChosen(run: () => void): void {
  openNew = run;
}

export function takeFiles(files: readonly File[]): void {
  if (files.length === 0) return;
  addFiles(files);
  openNew();
}

export function chooseFiles(): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.onchange = () => takeFiles([...(input.files ?? [])]);
  input.click();
}
