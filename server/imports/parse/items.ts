/** The level of a row, from its number: letters are below a row, small Roman numerals below letters. */
export class ItemLevels {
  #letter = '';
  #bulletLevel = 0;

  /** `above`: the text of the row before it, under the same heading; null for the first. */
  of(marker: string, above: string | null): number {
    const bare = marker.replace(/[().]+$|^\(/gu, '');
    if (bare === '') {
      this.#reset();
      return 0;
    }
    if (/^[a-z]$/u.test(bare) || /^[a-z]{2}$/u.test(bare)) {
      const letterGoesOn = this.#letter !== '' && bare.charCodeAt(0) === this.#letter.charCodeAt(0) + 1;
      // "i" after "h" is a letter; "i" after "a" counts below it.
      if (/^[ivx]+$/u.test(bare) && !letterGoesOn) return this.#roman();
      this.#letter = bare;
      return 1;
    }
    if (/^[ivxlc]+$/u.test(bare)) return this.#roman();
    if (/^\d+\.\d+\.\d+/u.test(bare)) return 2;
    if (/^\d+\.\d+$/u.test(bare)) return 1;
    if (/^[\p{L}\d]/u.test(bare)) {
      this.#reset();
      return 0;
    }
    if (above === null || /:$/u.test(above)) this.#bulletLevel = above === null ? 0 : 1;
    return this.#bulletLevel;
  }

  #roman(): number {
    return this.#letter === '' ? 1 : 2;
  }

  #reset(): void {
    this.#letter = '';
    this.#bulletLevel = 0;
  }
}
