import type { Lexicon } from './lexicon.ts';

export const es: Lexicon = {
  and: ['y'],
  asWellAs: ['así como'],
  articles: ['el', 'la', 'los', 'las'],
  tagArticles: ['el', 'la', 'los', 'las'],
  andThe: ['y (?:el|la|los|las)'],
  articlesBehindAnd: [],

  kindBeginnings: {
    observer: ['observ'],
    organ: ['órganos?', 'organismos?', 'organizaciones', 'agenc', 'entid', 'secretar', 'institut'],
  },
  kindWords: {
    group: ['grupos?', 'bloques?'],
    state: ['estados?', 'países', 'delegaciones', 'miembros', 'gobiernos', 'partes'],
  },
  introduces: ['siguientes?', 'presentaron', 'presentado', 'recibi', 'partes', 'delegaciones', 'participantes'],
  listOf: ['lista de '],
  listArticles: [],
  listQualifiers: ['estados '],
  listNouns: [
    'partes',
    'delegaciones',
    'estados(?: miembros)?',
    'participantes',
    'miembros',
    'grupos',
    'órganos',
    'observadores',
  ],
  listMore: [' y [a-zó]+'],

  proposedBy: [
    'propuest[ao] (?:de|por)',
    'propuesta del?',
    'apoyad[ao] por',
    'con (?:el )?apoyo de',
    'presentad[ao] por',
    'fuente',
  ],
  delegationOf: ['(?:las? )?delegaci(?:ón|ones) del?'],

  stateArticles: ['el', 'la', 'los', 'las'],
  stateForms: [
    // A form that continues with "do" or "da" is Portuguese.
    '(?!\\S+(?: \\S+)? d[oa] )(?:republica|reino|estado|mancomunidad|principado)(?: (?:federativa|oriental|bolivariana|cooperativa))?(?: de| del)?(?: la| el)?',
  ],
  states: {
    USA: ['EEUU', 'EE UU', 'Estados Unidos de América'],
    GBR: ['Reino Unido de Gran Bretaña e Irlanda del Norte'],
    VEN: ['República Bolivariana de Venezuela'],
    BOL: ['Estado Plurinacional de Bolivia'],
    MEX: ['Estados Unidos Mexicanos', 'Méjico'],
    BHS: ['Las Bahamas'],
    DOM: ['Rep Dominicana', 'R Dominicana'],
    RUS: ['Federación de Rusia'],
    KOR: ['República de Corea'],
    PRK: ['República Popular Democrática de Corea'],
    IRN: ['República Islámica del Irán'],
    SYR: ['República Árabe Siria'],
    TUR: ['Turquía'],
    CZE: ['República Checa'],
    CIV: ['Costa de Marfil'],
    COD: ['República Democrática del Congo'],
    VAT: ['Santa Sede'],
    PSE: ['Estado de Palestina'],
    KNA: ['San Cristóbal y Nieves'],
    VCT: ['San Vicente y las Granadinas'],
    LCA: ['Santa Lucía'],
  },
};
