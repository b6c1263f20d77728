import { existsSync } from 'node:fs';

/**
 * Where the build put a thread's program: beside the entry files; shared code, this file too, may lie one directory
 * deeper. Throws where it isn't built, as for whoever runs from source.
 */
export function builtProgram(name: string): URL {
  const places = [`./${name}.js`, `../${name}.js`].map((place) => new URL(place, import.meta.url));
  const built = places.find((place) => existsSync(place));
  if (!built) throw new Error(`${name}.js is not built: name its place to run from source`);
  return built;
}
