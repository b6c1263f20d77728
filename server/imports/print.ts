import type { Compilation } from '../../shared/meeting/compilation.ts';

/** The result of a dry run, for a terminal. */
export function printCompilation({ title, parties, topics, warnings }: Compilation): string {
  const lines: string[] = [title, ''];
  for (const { code, name, kind, aliases } of parties)
    lines.push(`${code.padEnd(8)} ${name} (${kind})${aliases.length === 0 ? '' : `, also ${aliases.join(', ')}`}`);
  for (const { heading, level, recommendations } of topics) {
    lines.push('', `${'#'.repeat(level)} ${heading}`);
    for (const recommendation of recommendations) {
      if (recommendation.heading !== '') lines.push('', `  ${recommendation.heading}`);
      for (const clause of recommendation.clauses)
        lines.push(
          `  ${'  '.repeat(clause.level)}- ${clause.text}  ${clause.sponsors.length === 0 ? '[no sponsor]' : `[${clause.sponsors.join('; ')}]`}`,
        );
    }
  }
  if (warnings.length > 0) lines.push('', 'To be looked at:');
  for (const { line, reason, text } of warnings) lines.push(`  line ${line}: ${reason} “${text.slice(0, 60)}…”`);
  return `${lines.join('\n')}\n`;
}
