/**
 * What was worked out for values that come and go, for as long as they are there.
 *
 * A weak map keeps room for as many as it ever held at once, so one that lives as long as the process is as large as the
 * longest day made it. This one begins anew after so many: what is still needed is worked out once more.
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
