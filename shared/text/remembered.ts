/**
 * A cache of computed values, for as long as their keys exist.
 *
 * A weak map keeps room for as many as it ever held at once, so one that lasts as long as the process stays as large as
 * its busiest moment made it. This one is replaced after a number of entries: values that are still needed are computed
 * once more.
 */
export class Remembered<Key extends object, Value> {
  readonly #most: number;
  #values = new WeakMap<Key, Value>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: Key): Value | undefined {
    return this.#values.get(key);
  }

  set(key: Key, value: Value): void {
    if (this.#count >= this.#most) {
      this.#values = new WeakMap();
      this.#count = 0;
    }
    this.#values.set(key, value);
    this.#count += 1;
  }
}
