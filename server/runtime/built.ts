import { existsSync } from 'node:fs';

/**
 * The path of a thread's built program: beside the entry files; shared code, this file too, may be one directory
 * deeper. Throws where it isn't built, as when run from source.
 */
export function builtProgram(name: string): URL {
  const places = [`./${name}.js`, `../${name}.js`].map((place) => new URL(place, import.meta.url));
  const built = places.find((place) => existsSync(place));
  if (!built) throw new Error(`${name}.js is not built: name its place to run from source`);
  return built;
}
