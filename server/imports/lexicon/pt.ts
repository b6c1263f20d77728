import type { Lexicon } from './lexicon.ts';

export const pt: Lexicon = {
  and: ['e'],
  asWellAs: [],
  articles: ['o', 'a', 'os', 'as'],
  tagArticles: [],
  andThe: ['e (?:o|a|os|as)'],
  articlesBehindAnd: [],

  kindBeginnings: {
    observer: ['observ'],
    organ: ['órgãos?', 'organismos?', 'entid', 'secretar', 'institut'],
  },
  kindWords: {
    group: ['grupos?'],
    state: ['estados?', 'países', 'delegações', 'membros', 'partes'],
  },
  introduces: ['seguintes?', 'partes', 'participantes'],
  listOf: ['lista de '],
  listArticles: [],
  listQualifiers: ['estados '],
  listNouns: ['partes', 'delegações', 'estados', 'participantes', 'grupos', 'observadores'],
  listMore: [],

  proposedBy: ['propost[ao] (?:de|por)'],
  delegationOf: ['(?:a )?delega[çc][ãa]o d[eoa]'],

  stateArticles: ['o', 'a'],
  stateForms: [
    '(?:republica|reino|estado|mancomunidad|principado)(?: (?:federativa|oriental|bolivariana|cooperativa))?(?: do| da)?',
  ],
  states: {
    USA: ['EUA', 'Estados Unidos da América'],
    RUS: ['Federação da Rússia'],
    KOR: ['República da Coreia'],
    VAT: ['Santa Sé'],
  },
};
