// Questions with the intent that a person gave each, e.g. BANKING77 (Casanueva et al. 2020, CC BY 4.0).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';

export interface Labelled {
  text: string;
  category: string;
}

/** `train.csv` are the documents, `test.csv` the questions; columns text and category. */
export function intentsIn(folder: string): { documents: Labelled[]; questions: Labelled[] } {
  const read = (name: string): Labelled[] => {
    const file = join(folder, name);
    if (!existsSync(file))
      throw new Error(`There is no ${file}. Name a folder with train.csv and test.csv: --data FOLDER`);
    return parse(readFileSync(file), { columns: true, bom: true });
  };
  return { documents: read('train.csv'), questions: read('test.csv') };
}
