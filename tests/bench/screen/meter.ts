/** One key by the page's own clock, ms. */
export interface KeyTimes {
  /** From the event's timestamp until its handlers had run, including its wait. */
  readonly handled: number;
  /** From the event's timestamp to the begin of the frame that shows the letter. */
  readonly frame: number;
  /** From the event's timestamp until that frame was laid out, painted and handed to the compositor. */
  readonly painted: number;
  /** Whether the letter stood before the caret when the frame began. */
  readonly shown: boolean;
}

export interface Meter {
  readonly keys: KeyTimes[];
  /** `duration` of the Event Timing entries of keys: from the event to the presented frame, in steps of 8 ms. */
  readonly durations: number[];
  /** Tasks of more than 50 ms, ms. */
  readonly long: number[];
  /** The time at which the text was editable, since the navigation. */
  there: number;
  /** The time of the key event of the first letter. */
  pressed: number;
  /** The time at which its letter was in the text. */
  editable: number;
}

declare global {
  interface Window {
    meter: Meter;
    /** Called with the end of the clause to write in, once it is there. */
    opened: (x: number, y: number) => void;
  }
}

/**
 * Runs in the page before its own scripts do, and watches the clause to write in. It must contain everything that it
 * uses: it is sent there as text.
 *
 * Times are the page's own (`performance.now()`, in steps of 0.1 ms), counted from the timestamp that the browser gave
 * the key; the frame of a key is the first whose animation callback runs after it.
 */
export function installMeter(clause: number): void {
  const meter: Meter = { keys: [], durations: [], long: [], there: 0, pressed: 0, editable: 0 };
  window.meter = meter;

  // A message posted in a frame's callback is the first task after the frame was painted.
  const channel = new MessageChannel();
  const waiting: ((painted: number) => void)[] = [];
  channel.port1.onmessage = () => {
    const painted = performance.now();
    for (const note of waiting.splice(0)) note(painted);
  };
  const beforeCaret = (): string => {
    const selection = getSelection();
    const node = selection?.anchorNode ?? null;
    if (selection === null || node === null) return '';
    if (node instanceof Text && selection.anchorOffset > 0) return node.data.charAt(selection.anchorOffset - 1);
    return node.childNodes[selection.anchorOffset - 1]?.textContent?.slice(-1) ?? '';
  };
  addEventListener(
    'keydown',
    (event) => {
      if (event.key.length !== 1 || event.ctrlKey) return;
      const at = event.timeStamp;
      if (meter.editable === 0) meter.pressed = at;
      let handled = 0;
      // The last listener of the last event of a key: the editor's immediate work is done by then.
      addEventListener('input', () => (handled = performance.now()), { once: true });
      requestAnimationFrame(() => {
        const frame = performance.now();
        const shown = beforeCaret().replace('\u00a0', ' ') === event.key;
        waiting.push((painted) =>
          meter.keys.push({ handled: handled - at, frame: frame - at, painted: painted - at, shown }),
        );
        channel.port2.postMessage(null);
      });
    },
    { capture: true },
  );

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === 'keydown') meter.durations.push(entry.duration);
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) meter.long.push(entry.duration);
  }).observe({ type: 'longtask' });

  const ownIn = (text: Element): number =>
    [...text.querySelectorAll('ins[data-code="ARG"]')].reduce((sum, { textContent }) => sum + textContent.length, 0);
  const awaitKey = (text: Element): void => {
    const before = ownIn(text);
    const typed = new MutationObserver(() => {
      if (ownIn(text) <= before) return;
      typed.disconnect();
      meter.editable = performance.now();
    });
    typed.observe(text, { childList: true, subtree: true, characterData: true });
  };
  const opened = new MutationObserver(() => {
    const text = document.querySelector<HTMLElement>('.text[contenteditable="true"]');
    const words = text?.querySelectorAll('.clause-words')[clause];
    if (text == null || words === undefined) return;
    opened.disconnect();
    meter.there = performance.now();
    awaitKey(text);
    words.scrollIntoView({ block: 'center' });
    const all = document.createRange();
    all.selectNodeContents(words);
    const end = [...all.getClientRects()].at(-1);
    if (end !== undefined) window.opened(end.right - 1, end.top + end.height / 2);
  });
  opened.observe(document, { childList: true, subtree: true });
}
