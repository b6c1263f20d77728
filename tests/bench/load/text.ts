const words =
  'Urge states to adopt measures that prevent this crime protect its victims and bring those who commit it to court in keeping with their law';

/** A hundred recommendations of ten clauses, as every server gets them. */
export const recommendations = Array.from({ length: 101 }, (_, number) => ({
  heading: `Recommendation ${number}`,
  clauses: Array.from({ length: 10 }, (_unused, at) => ({
    text: `${words}, ${number}.${at}, ${words}.`,
    level: 0,
    sponsors: [] as string[],
  })),
}));
