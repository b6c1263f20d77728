import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { isLong } from './extent.ts';

/** Long files, the longest first: the other processors would wait for a long file that begins last. */
const longest = (
  isLong
    ? [
        'fault/soak',
        'fault/fuzzSocket',
        'fault/fuzzImport',
        'fault/kill',
        'fault/start',
        'fault/log',
        'property/room',
        'fault/killPostgres',
        'fault/fuzz',
        'fault/corruption',
        'fault/clock',
      ]
    : [
        'browser/draft',
        'fault/disk',
        'fault/kill',
        'browser/pages',
        'fault/start',
        'fault/lineTalkers',
        'fault/lineReaders',
        'fault/soak',
        'fault/killPostgres',
        'fault/nodes',
        'fault/fuzzSocket',
        'fault/import',
        'fault/disk-postgres',
        'property/room',
        'fault/clock',
        'fault/corruption',
        'fault/line',
        'server/access/verdicts',
      ]
).map((name) => `/tests/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(name));
      return at === -1 ? longest.length : at;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}
