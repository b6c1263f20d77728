import type { ClauseKind } from '../../shared/text/schema.ts';

/** The demo meeting. The proposers follow a real compilation; every sentence is our own. */
export interface DemoMeeting {
  readonly name: string;
  readonly parties: readonly {
    /** The name with which its delegate signs in. */
    readonly user: string;
    readonly code: string;
    readonly names: { readonly en: string; readonly es: string; readonly fr: string; readonly pt: string };
    readonly kind: 'state' | 'organ';
    readonly aliases: readonly string[];
    readonly members: readonly string[];
  }[];
  readonly topics: readonly { readonly heading: string; readonly level: number }[];
  readonly recommendations: readonly {
    /** Index in `topics`; recommendations stand in the order of the topics. */
    readonly topic: number;
    readonly heading: string;
    readonly clauses: readonly DemoClause[];
  }[];
  /** In the order in which they are made. `strike` and `after` occur once in their clause. */
  readonly amendments: readonly {
    readonly recommendation: number;
    readonly clause: number;
    readonly by: string;
    readonly strike?: string;
    readonly insert?: string;
    readonly after?: string;
    readonly reason?: string;
    readonly sponsors?: readonly string[];
  }[];
  readonly agreed: readonly {
    readonly recommendation: number;
    readonly clause: number;
    readonly status: 'agreed' | 'agreed ad referendum';
    readonly parties: readonly string[];
  }[];
}

export interface DemoClause {
  readonly kind: ClauseKind;
  readonly level: number;
  readonly text: string;
  readonly sponsors: readonly string[];
}

const clause =
  (kind: ClauseKind, level: number) =>
  (text: string, ...sponsors: readonly string[]): DemoClause => ({ kind, level, text, sponsors });
const chapeau = clause('chapeau', 0);
const recital = clause('preambular', 0);
const op = clause('operative', 0);
const sub = clause('operative', 1);

const state = (user: string, code: string, en: string, es: string, fr: string, pt: string, ...aliases: string[]) => ({
  user,
  code,
  names: { en, es, fr, pt },
  kind: 'state' as const,
  aliases,
  members: [],
});
const organ = (user: string, code: string, en: string, es: string, fr: string, pt: string, ...aliases: string[]) => ({
  ...state(user, code, en, es, fr, pt, ...aliases),
  kind: 'organ' as const,
});

export const demoMeeting: DemoMeeting = {
  name: 'Meeting of National Authorities on Trafficking in Persons (demonstration)',
  parties: [
    organ(
      'cim',
      'CIM',
      'Inter-American Commission of Women',
      'Comisión Interamericana de Mujeres',
      'Commission interaméricaine des femmes',
      'Comissão Interamericana de Mulheres',
      'CIM',
    ),
    organ(
      'dil',
      'DIL',
      'Department of Inter-American Law and Programs',
      'Departamento de Derecho y Programas Interamericanos',
      'Département du droit et des programmes interaméricains',
      'Departamento de Direito e Programas Interamericanos',
    ),
    organ(
      'dms',
      'DMS',
      'Department of Multidimensional Security',
      'Departamento de Seguridad Multidimensional',
      'Département de la sécurité multidimensionnelle',
      'Departamento de Segurança Multidimensional',
      'DSM',
    ),
    organ(
      'iachr',
      'IACHR',
      'Inter-American Commission on Human Rights',
      'Comisión Interamericana de Derechos Humanos',
      "Commission interaméricaine des droits de l'homme",
      'Comissão Interamericana de Direitos Humanos',
      'CIDH',
    ),
    state('argentina', 'ARG', 'Argentina', 'Argentina', 'Argentine', 'Argentina'),
    state('brazil', 'BRA', 'Brazil', 'Brasil', 'Brésil', 'Brasil'),
    state('canada', 'CAN', 'Canada', 'Canadá', 'Canada', 'Canadá'),
    state('colombia', 'COL', 'Colombia', 'Colombia', 'Colombie', 'Colômbia'),
    state('ecuador', 'ECU', 'Ecuador', 'Ecuador', 'Équateur', 'Equador'),
    state('paraguay', 'PRY', 'Paraguay', 'Paraguay', 'Paraguay', 'Paraguai'),
    state(
      'united-states',
      'USA',
      'United States',
      'Estados Unidos',
      'États-Unis',
      'Estados Unidos',
      'EEUU',
      'U.S.',
      'United States of America',
    ),
    state('venezuela', 'VEN', 'Venezuela', 'Venezuela', 'Venezuela', 'Venezuela'),
  ],
  topics: [
    { heading: 'Integral cooperation to protect and assist victims', level: 1 },
    { heading: 'Prevention of trafficking', level: 1 },
    { heading: 'Prosecution of those responsible', level: 1 },
    { heading: 'Exchange of information and experience', level: 1 },
    { heading: 'Instruments and follow-up', level: 1 },
  ],
  recommendations: [
    {
      topic: 0,
      heading: 'Bringing national laws closer together',
      clauses: [
        recital('Recognizing that gaps between national laws are used by those who traffic in persons,', 'CIM'),
        recital('Bearing in mind that each State gives effect to its commitments within its own legal order,', 'USA'),
        op(
          'Recommend that States settle on shared minimum standards to prevent the crime, protect its victims and bring traffickers to court, and that they write these standards into their laws.',
          'CIM',
        ),
        op(
          'Encourage States to strengthen the laws that they have, and to use them fully while new ones are being drafted.',
          'USA',
        ),
        op('Invite Colombia to present its 2005 law against trafficking as an example for others.', 'COL'),
      ],
    },
    {
      topic: 0,
      heading: 'Protection of victims',
      clauses: [
        chapeau('Urge States to safeguard the rights of every victim and, to that end:', 'CIM', 'ARG'),
        sub('to offer legal, medical and psychological care in a language that the victim understands;', 'CIM'),
        sub('to keep the identity of victims confidential before, during and after a trial;', 'CIM'),
        sub('to set up programs that help victims to recover and to return to community life;', 'ARG'),
        sub('to share lessons from protection schemes with international and nongovernmental partners.', 'COL'),
      ],
    },
    {
      topic: 0,
      heading: 'Return of victims',
      clauses: [
        op(
          'Call upon States to make it possible for victims to go home, where they so wish, in safety and dignity.',
          'VEN',
        ),
        op('Recommend that temporary residence be open to victims who cannot return at once.', 'CIM'),
      ],
    },
    {
      topic: 0,
      heading: 'An approach that leaves nobody out',
      clauses: [
        op(
          'Promote work across disciplines that respects the human rights of victims in full and that aims to prevent, to fight and to end this crime.',
          'ARG',
        ),
        op(
          'Recommend that every measure of control at borders go together with a measure to protect the victims who are found there.',
          'IACHR',
        ),
        op("Invite public prosecutors and people's defenders to watch over the rights of victims.", 'VEN'),
      ],
    },
    {
      topic: 0,
      heading: 'Children',
      clauses: [
        op(
          'Urge States to train the police and all who meet persons in prostitution to recognize a child who has been trafficked, and to treat that child as a victim.',
          'USA',
        ),
        op(
          'Recommend measures against the sexual exploitation of children for money, and against the demand that feeds it.',
          'USA',
        ),
        op(
          "Request that programs for women and children include a plan against trafficking, with support for the children's families.",
          'CIM',
        ),
      ],
    },
    {
      topic: 1,
      heading: 'Institutions and training',
      clauses: [
        chapeau('Recommend that States train, each year and with measurable results:', 'ARG', 'PRY', 'USA'),
        sub('judges, prosecutors and the national police;', 'PRY'),
        sub(
          'staff at airports, bus terminals and hotels, so that victims are seen as victims and not as offenders;',
          'PRY',
        ),
        sub('local migration officers and local labor inspectors.', 'USA'),
        op(
          'Invite ministries responsible for women and children to take part in planning prevention and assistance.',
          'CIM',
        ),
        op('Encourage consular services to learn how to refer and to assist victims abroad.', 'CIM'),
      ],
    },
    {
      topic: 1,
      heading: 'Knowledge of the problem',
      clauses: [
        op(
          'Call for more research, so that governments and civil society act on a full picture of the problem.',
          'ARG',
        ),
        op('Request a diagnostic study that covers the hemisphere as a whole.', 'BRA'),
        op('Invite courts to report the difficulties that they meet in trafficking cases.', 'CIM'),
      ],
    },
    {
      topic: 1,
      heading: 'Public campaigns',
      clauses: [
        op(
          'Recommend campaigns in the press, on radio and television and in schools, in cities, rural areas and border regions alike.',
          'CIM',
          'VEN',
        ),
        op(
          'Encourage campaigns that speak to parents and relatives of children, and others that reduce demand.',
          'USA',
        ),
        op('Invite States to open a free telephone line, drawing on the experience of Colombia.', 'COL'),
        op(
          'Recommend civic education that explains what leads people into the hands of traffickers: poverty, exclusion, and little schooling.',
          'VEN',
        ),
      ],
    },
    {
      topic: 1,
      heading: 'Equality',
      clauses: [
        op(
          'Urge States to adopt policies that advance the rights of women and that counter discrimination and violence on grounds of gender.',
          'ARG',
        ),
        op('Recommend that the effect of these policies be reviewed every two years.', 'ARG', 'CIM'),
      ],
    },
    {
      topic: 1,
      heading: 'Awareness of how serious the offense is',
      clauses: [
        op('Call upon States to make widely known how grave this offense is and which penalties it carries.', 'PRY'),
        op('Invite the media to report on it without exposing the victims.', 'PRY'),
      ],
    },
    {
      topic: 2,
      heading: 'The offense in national law',
      clauses: [
        op('Urge States that have not yet done so to make trafficking in persons an offense.', 'CIM'),
        op('Invite States to consider the definition that the Protocol gives, if they deem it pertinent.', 'ARG'),
        op(
          'Recommend penalties that deter, that fit the gravity of the deed, and that resemble each other across the region.',
          'CIM',
        ),
      ],
    },
    {
      topic: 2,
      heading: 'Forms of exploitation',
      clauses: [
        op(
          'Reaffirm that all forms are to be fought: sexual exploitation, forced labor, servitude in the home, the removal of organs.',
          'CIM',
        ),
        op('Recommend that employers who profit from trafficked labor be held liable.', 'IACHR'),
      ],
    },
    {
      topic: 2,
      heading: 'Extradition and mutual legal assistance',
      clauses: [
        op('Call for swift extradition of those responsible, with full judicial guarantees.', 'VEN'),
        op('Recommend that the duties of transit and of receiving countries be set out clearly.', 'VEN'),
        op(
          'Invite the bodies of the Organization that deal with mutual legal assistance to include this subject in their work, so that nothing is done twice.',
          'ARG',
        ),
      ],
    },
    {
      topic: 2,
      heading: 'Recruiters and corrupt officials',
      clauses: [
        op('Urge States to pass on whatever may help to arrest those who recruit.', 'PRY'),
        op('Urge States to punish officials who let victims pass or who issue false documents for them.', 'PRY'),
      ],
    },
    {
      topic: 2,
      heading: 'Borders',
      clauses: [
        op(
          'Recommend joint emergency services and joint investigations at borders and between countries that share none.',
          'CIM',
        ),
        op('Invite States to increase migration control at points where traffickers are known to pass.', 'VEN'),
      ],
    },
    {
      topic: 3,
      heading: 'Coordination within each State',
      clauses: [
        op(
          'Recommend one coordinating body in each State that brings together national, provincial and municipal authorities and civil society.',
          'CIM',
          'ARG',
        ),
        op(
          'Encourage presentations on good practice between ministries, and between governments and nongovernmental organizations.',
          'USA',
        ),
        op('Invite States to submit a written report on laws in force and in preparation before each meeting.', 'USA'),
      ],
    },
    {
      topic: 3,
      heading: 'Cooperation against networks',
      clauses: [
        op(
          'Call upon States to identify which forms of cooperation work best against networks and those who run them.',
          'ARG',
        ),
        op('Recommend that evidence gathered in one State be made usable in the courts of another.', 'IACHR'),
        op('Request protocols and points of contact for cases of sex tourism.', 'USA'),
      ],
    },
    {
      topic: 3,
      heading: 'Registries',
      clauses: [
        op(
          'Recommend a regional database on routes, scope and affected areas, on which public policy can build.',
          'CIM',
        ),
        op('Encourage States to improve the quality and the amount of their statistics.', 'DMS'),
        op('Invite each State to set up a national database.', 'COL'),
      ],
    },
    {
      topic: 3,
      heading: 'Experience from elsewhere',
      clauses: [
        op('Suggest that training given against drug trafficking be adapted to this crime.', 'DMS'),
        op(
          'Request a list of the initiatives under way, from the local to the subregional, and of ways to join them up.',
          'BRA',
        ),
        op(
          'Recommend that programs of assistance in several countries be studied for the support that they could give to others.',
          'ECU',
        ),
      ],
    },
    {
      topic: 4,
      heading: 'Ratification',
      clauses: [
        chapeau(
          'Urge member states to conclude their internal procedures on whether to sign and ratify:',
          'DMS',
          'CIM',
          'IACHR',
          'ARG',
        ),
        sub(
          'the Convention against Transnational Organized Crime and its Protocols on trafficking and on smuggling;',
          'DMS',
          'CIM',
          'IACHR',
          'ARG',
        ),
        sub('the Inter-American Convention against the traffic in minors across borders;', 'DMS'),
        sub('the Convention of 1949 on the suppression of this traffic.', 'IACHR'),
      ],
    },
    {
      topic: 4,
      heading: 'Application of the Protocol',
      clauses: [
        op('Recommend that the provisions of the Protocol be given effect in national law.', 'CIM', 'DMS', 'ARG'),
        op('Call for technical assistance to States that adapt their penal codes.', 'PRY'),
        op('Invite States to conclude bilateral and multilateral agreements on legal assistance in this field.', 'PRY'),
      ],
    },
    {
      topic: 4,
      heading: 'Means and follow-up',
      clauses: [
        op(
          'Instruct the General Secretariat to coordinate its units so that existing resources are used to the full.',
          'CIM',
        ),
        op('Request a review of the resources needed for the next steps.', 'CIM'),
        op('Invite international and nongovernmental organizations to contribute funds and expertise.', 'COL'),
        op(
          'Recommend that these matters become part of the plan of action against transnational organized crime.',
          'CAN',
          'DMS',
        ),
      ],
    },
  ],
  amendments: [
    {
      recommendation: 0,
      clause: 2,
      by: 'USA',
      strike: 'shared minimum standards',
      insert: 'common objectives',
      reason: 'Each State keeps its own legal system.',
    },
    { recommendation: 0, clause: 2, by: 'CAN', after: 'prevent the crime,', insert: ' discourage demand,' },
    { recommendation: 0, clause: 3, by: 'ARG', strike: 'Encourage', insert: 'Urge', sponsors: ['BRA'] },
    { recommendation: 1, clause: 1, by: 'BRA', after: 'psychological', insert: ' and social' },
    { recommendation: 1, clause: 4, by: 'VEN', strike: ' and nongovernmental' },
    {
      recommendation: 2,
      clause: 0,
      by: 'VEN',
      after: 'dignity',
      insert: ', and always of their own free will',
      reason: 'Return must be voluntary.',
    },
    { recommendation: 2, clause: 1, by: 'CAN', strike: 'temporary', insert: 'temporary or permanent' },
    { recommendation: 4, clause: 0, by: 'CIM', after: 'the police', insert: ', teachers', sponsors: ['ARG', 'ECU'] },
    { recommendation: 5, clause: 0, by: 'CAN', strike: 'each year', insert: 'every two years' },
    { recommendation: 5, clause: 0, by: 'ECU', strike: 'each year', insert: 'regularly' },
    { recommendation: 6, clause: 1, by: 'ARG', after: 'diagnostic study', insert: ', based on national reports,' },
    { recommendation: 10, clause: 1, by: 'USA', strike: ', if they deem it pertinent' },
    {
      recommendation: 10,
      clause: 1,
      by: 'BRA',
      strike: ', if they deem it pertinent',
      insert: ', in keeping with their legal systems',
      reason: 'It says the same more clearly.',
    },
    {
      recommendation: 14,
      clause: 1,
      by: 'COL',
      strike: 'increase migration control',
      insert: 'make migration control more effective',
    },
    { recommendation: 16, clause: 2, by: 'CAN', after: 'sex tourism', insert: ' that involve children' },
    { recommendation: 17, clause: 0, by: 'ECU', after: 'database', insert: ' that protects personal data' },
    { recommendation: 21, clause: 3, by: 'USA', strike: 'Recommend', insert: 'Suggest' },
  ],
  agreed: [
    { recommendation: 1, clause: 2, status: 'agreed', parties: [] },
    { recommendation: 1, clause: 3, status: 'agreed', parties: [] },
    { recommendation: 3, clause: 0, status: 'agreed', parties: [] },
    { recommendation: 3, clause: 2, status: 'agreed ad referendum', parties: ['CAN'] },
    { recommendation: 7, clause: 0, status: 'agreed', parties: [] },
    { recommendation: 8, clause: 0, status: 'agreed ad referendum', parties: ['USA', 'PRY'] },
    { recommendation: 11, clause: 0, status: 'agreed', parties: [] },
    { recommendation: 13, clause: 1, status: 'agreed', parties: [] },
    { recommendation: 18, clause: 1, status: 'agreed', parties: [] },
    { recommendation: 19, clause: 2, status: 'agreed', parties: [] },
    { recommendation: 20, clause: 0, status: 'agreed ad referendum', parties: ['BRA'] },
  ],
};
