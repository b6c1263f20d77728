// Keeps a page as the meeting is: each event holds patches, each patch one clause or one part of the page.
(() => {
  const status = document.getElementById('connection');
  const { version, live, offline } = document.body.dataset;
  const { lang } = document.documentElement;
  const query = new URLSearchParams(location.search);
  query.set('version', version);
  query.set('lang', lang);
  const events = new EventSource(`${location.pathname}/events?${query}`);
  // The page's policy lets no other string become HTML than what its own server sent here, rendered and escaped.
  const rendered = window.trustedTypes?.createPolicy('concord-reading', { createHTML: (html) => html });
  const element = (html) => {
    const template = document.createElement('template');
    template.innerHTML = rendered ? rendered.createHTML(html) : html;
    return template.content.firstElementChild;
  };

  // The text is as at now for as long as the page is connected, in the reader's own zone.
  const day = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZoneName: 'short' };
  const hour = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const clock = document.getElementById('as-at');
  const format = clock && new Intl.DateTimeFormat(lang, clock.dataset.form === 'day' ? { ...day, ...hour } : hour);
  const tell = (at) => {
    if (!clock) return;
    clock.dateTime = at.toISOString();
    const words = format.format(at);
    if (clock.textContent !== words) clock.textContent = words;
  };
  if (clock) tell(new Date(clock.dateTime));
  const tellNow = () => {
    if (events.readyState === EventSource.OPEN) tell(new Date());
  };
  setInterval(tellNow, 5000);

  // The projector: the largest type in which the clause fits. Where none does, the page scrolls to the amended words.
  const text = document.getElementById('text');
  const sizes = 7;
  let shown = null;
  let marks = new Set();
  const fitType = () => {
    const clause = document.getElementById('part-clause');
    if (!clause) return;
    for (let size = 0; size < sizes; size++) {
      clause.className = clause.className.replace(/fit-\d/, `fit-${size}`);
      if (text.scrollHeight <= text.clientHeight) break;
    }
    const found = [...clause.querySelectorAll('.contested')];
    const isSame = shown === clause.dataset.clause;
    const fresh = found.find((mark) => !isSame || !marks.has(mark.outerHTML));
    if (fresh && text.scrollHeight > text.clientHeight) {
      const isTall = fresh.getBoundingClientRect().height > text.clientHeight;
      fresh.scrollIntoView({ block: isTall ? 'start' : 'center' });
    } else if (!isSame) text.scrollTop = 0;
    shown = clause.dataset.clause;
    marks = new Set(found.map((mark) => mark.outerHTML));
  };
  fitType();
  addEventListener('resize', fitType);

  events.onopen = () => {
    status.textContent = live;
    tellNow();
  };
  events.onerror = () => {
    status.textContent = offline;
    // Closed for good: signed out, or the accreditation ended. The page says so.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
  events.onmessage = (event) => {
    for (const patch of JSON.parse(event.data)) {
      if (patch.reload) {
        events.close();
        location.reload();
        return;
      }
      if (patch.part) {
        document.getElementById(`part-${patch.part}`)?.replaceWith(element(patch.html));
        continue;
      }
      if (patch.remove) {
        document.getElementById(`clause-${patch.remove}`)?.remove();
        continue;
      }
      const clauses = document.getElementById(`recommendation-${patch.recommendation}`);
      if (!clauses) continue;
      document.getElementById(`clause-${patch.clause}`)?.remove();
      const fresh = element(patch.html);
      const after = patch.after === null ? null : document.getElementById(`clause-${patch.after}`);
      if (after) after.after(fresh);
      else clauses.prepend(fresh);
    }
    tellNow();
    fitType();
  };
})();
