import { FILMS } from './films.ts';
import { PICTURES } from './pictures.ts';
import { RECIPES } from './recipes.ts';
import { SOUNDS } from './sounds.ts';

export const OPERATIONS = [...FILMS, ...PICTURES, ...SOUNDS, ...RECIPES];
