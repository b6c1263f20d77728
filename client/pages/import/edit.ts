import type { Compilation } from '../../../shared/meeting/compilation.ts';

/** The place of a row: its topic, the recommendation in the topic, the row in the recommendation. */
export interface Place {
  readonly topic: number;
  readonly recommendation: number;
  readonly row: number;
}
export type Row = Compilation['topics'][number]['recommendations'][number]['clauses'][number];

/** A compilation with the rows of one recommendation changed. */
function withRows(
  compilation: Compilation,
  { topic, recommendation }: Pick<Place, 'topic' | 'recommendation'>,
  change: (rows: readonly Row[]) => Row[],
): Compilation {
  return {
    ...compilation,
    topics: compilation.topics.map((one, at) =>
      at !== topic
        ? one
        : {
            ...one,
            recommendations: one.recommendations.map((two, index) =>
              index === recommendation ? { ...two, clauses: change(two.clauses) } : two,
            ),
          },
    ),
  };
}

export const changeRow = (compilation: Compilation, place: Place, change: Partial<Row>): Compilation =>
  withRows(compilation, place, (rows) => rows.map((row, at) => (at === place.row ? { ...row, ...change } : row)));

/** Joins a row and the one below it; the merged row has the sponsors of both. */
export const mergeRows = (compilation: Compilation, place: Place): Compilation =>
  withRows(compilation, place, (rows) => {
    const [one, other] = [rows[place.row], rows[place.row + 1]];
    if (one === undefined || other === undefined) return [...rows];
    const merged = {
      text: `${one.text.trimEnd()} ${other.text.trimStart()}`,
      level: one.level,
      sponsors: [...new Set([...one.sponsors, ...other.sponsors])],
    };
    return [...rows.slice(0, place.row), merged, ...rows.slice(place.row + 2)];
  });

/** Splits a row at a place in its words; both halves keep its sponsors. At either end there is nothing to split. */
export const splitRow = (compilation: Compilation, place: Place, offset: number): Compilation =>
  withRows(compilation, place, (rows) =>
    rows.flatMap((row, at) => {
      const [before, after] = [row.text.slice(0, offset).trim(), row.text.slice(offset).trim()];
      if (at !== place.row || before === '' || after === '') return [row];
      return [
        { ...row, text: before },
        { ...row, text: after },
      ];
    }),
  );

export const changeTopic = (compilation: Compilation, topic: number, heading: string): Compilation => ({
  ...compilation,
  topics: compilation.topics.map((one, at) => (at === topic ? { ...one, heading } : one)),
});
export const changeTopicLevel = (compilation: Compilation, topic: number, level: number): Compilation => ({
  ...compilation,
  topics: compilation.topics.map((one, at) => (at === topic ? { ...one, level } : one)),
});
export const changeRecommendation = (
  compilation: Compilation,
  { topic, recommendation }: Pick<Place, 'topic' | 'recommendation'>,
  heading: string,
): Compilation => ({
  ...compilation,
  topics: compilation.topics.map((one, at) =>
    at !== topic
      ? one
      : {
          ...one,
          recommendations: one.recommendations.map((two, index) =>
            index === recommendation ? { ...two, heading } : two,
          ),
        },
  ),
});
