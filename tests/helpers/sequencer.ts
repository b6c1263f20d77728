import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long in the long form, the longest first: whoever comes last is waited for alone. */
const longest = [
  'soak',
  'fuzzSocket',
  'fuzzImport',
  'kill',
  'start',
  'log',
  'killPostgres',
  'fuzz',
  'corruption',
  'clock',
].map((name) => `${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = longest.indexOf(basename(moduleId));
      return at === -1 ? longest.length : at;
    };
    return [...files].sort((one, other) => place(one) - place(other));
  }
}
