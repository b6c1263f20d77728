import type { Lexicon } from './lexicon.ts';

export const fr: Lexicon = {
  and: ['et'],
  asWellAs: [],
  articles: ['le', 'la', 'les', "l['’]"],
  tagArticles: [],
  andThe: ['et (?:le|la|les)'],
  articlesBehindAnd: [],

  kindBeginnings: {
    observer: ['observ'],
    organ: ['organes?', 'organisations?', 'agenc', 'entit', 'secretar', 'institut'],
  },
  kindWords: {
    group: ['groupes?', 'blocs?'],
    state: ['états?', 'pays', 'délégations'],
  },
  introduces: ['suivants?', 'suivantes?', 'participants'],
  listOf: ['liste des '],
  listArticles: [],
  listQualifiers: [],
  listNouns: ['parties', 'délégations', 'participants'],
  listMore: [],

  proposedBy: ['propos[ée]e? par', 'appuyée? par', 'source'],
  delegationOf: ['(?:la )?d[ée]l[ée]gation (?:de|du)'],

  stateArticles: ['le', 'la', 'les'],
  stateForms: ['(?:republique|royaume)(?: federative)?(?: de| du| d)?(?: la)?'],
  states: {
    USA: ['États-Unis d’Amérique'],
    RUS: ['Fédération de Russie'],
    KOR: ['République de Corée'],
    CIV: ['Cote d’Ivoire'],
    VAT: ['Saint-Siège'],
    PSE: ['Palestine'],
  },
};
