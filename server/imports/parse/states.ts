import { languages } from '../../../shared/words/words.ts';
import { anyOf, lexicons } from '../lexicon/all.ts';

/** ISO 3166: the two-letter codes of name lists, and the three-letter codes that delegations write. */
const codes =
  'AF:AFG AL:ALB DZ:DZA AD:AND AO:AGO AG:ATG AR:ARG AM:ARM AU:AUS AT:AUT AZ:AZE BS:BHS BH:BHR BD:BGD BB:BRB BY:BLR BE:BEL BZ:BLZ BJ:BEN BT:BTN BO:BOL BA:BIH BW:BWA BR:BRA BN:BRN BG:BGR BF:BFA BI:BDI CV:CPV KH:KHM CM:CMR CA:CAN CF:CAF TD:TCD CL:CHL CN:CHN CO:COL KM:COM CG:COG CD:COD CR:CRI CI:CIV HR:HRV CU:CUB CY:CYP CZ:CZE DK:DNK DJ:DJI DM:DMA DO:DOM EC:ECU EG:EGY SV:SLV GQ:GNQ ER:ERI EE:EST SZ:SWZ ET:ETH FJ:FJI FI:FIN FR:FRA GA:GAB GM:GMB GE:GEO DE:DEU GH:GHA GR:GRC GD:GRD GT:GTM GN:GIN GW:GNB GY:GUY HT:HTI VA:VAT HN:HND HU:HUN IS:ISL IN:IND ID:IDN IR:IRN IQ:IRQ IE:IRL IL:ISR IT:ITA JM:JAM JP:JPN JO:JOR KZ:KAZ KE:KEN KI:KIR KP:PRK KR:KOR KW:KWT KG:KGZ LA:LAO LV:LVA LB:LBN LS:LSO LR:LBR LY:LBY LI:LIE LT:LTU LU:LUX MG:MDG MW:MWI MY:MYS MV:MDV ML:MLI MT:MLT MH:MHL MR:MRT MU:MUS MX:MEX FM:FSM MD:MDA MC:MCO MN:MNG ME:MNE MA:MAR MZ:MOZ MM:MMR NA:NAM NR:NRU NP:NPL NL:NLD NZ:NZL NI:NIC NE:NER NG:NGA MK:MKD NO:NOR OM:OMN PK:PAK PW:PLW PS:PSE PA:PAN PG:PNG PY:PRY PE:PER PH:PHL PL:POL PT:PRT QA:QAT RO:ROU RU:RUS RW:RWA KN:KNA LC:LCA VC:VCT WS:WSM SM:SMR ST:STP SA:SAU SN:SEN RS:SRB SC:SYC SL:SLE SG:SGP SK:SVK SI:SVN SB:SLB SO:SOM ZA:ZAF SS:SSD ES:ESP LK:LKA SD:SDN SR:SUR SE:SWE CH:CHE SY:SYR TJ:TJK TZ:TZA TH:THA TL:TLS TG:TGO TO:TON TT:TTO TN:TUN TR:TUR TM:TKM TV:TUV UG:UGA UA:UKR AE:ARE GB:GBR US:USA UY:URY UZ:UZB VU:VUT VE:VEN VN:VNM YE:YEM ZM:ZMB ZW:ZWE';

const formal = new RegExp(`^(?:${anyOf('stateArticles')}|${anyOf('stateForms')}) `);

/** Names are compared without accents, case, dots and other signs. */
export const nameKey = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/\./g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

let table: ReadonlyMap<string, string> | null = null;

function states(): ReadonlyMap<string, string> {
  if (table !== null) return table;
  const names = new Map<string, string>();
  for (const language of languages) {
    const styles = (['long', 'short'] as const).map(
      (style) => new Intl.DisplayNames([language], { type: 'region', style }),
    );
    for (const pair of codes.split(' ')) {
      const [two = '', three = ''] = pair.split(':');
      for (const style of styles) {
        const name = style.of(two);
        if (name !== undefined) names.set(nameKey(name), three);
        const both = name?.replace(/&/g, 'and');
        if (both !== undefined) names.set(nameKey(both), three);
      }
      names.set(three.toLowerCase(), three);
    }
  }
  for (const { states } of lexicons)
    for (const [code, others] of Object.entries(states)) for (const name of others) names.set(nameKey(name), code);
  table = names;
  return names;
}

/**
 * The three-letter code of the state that a name means, or null. It knows "Républica Argentina" and "The Bahamas" too.
 */
export function stateOf(name: string): string | null {
  const key = nameKey(name);
  const known = states().get(key);
  if (known !== undefined) return known;
  const short = key.replace(formal, '');
  return short === key || short === '' ? null : (states().get(short) ?? stateOf(short));
}
