// Keeps the page as the meeting is: each event holds patches, each patch one clause.
(() => {
  const status = document.getElementById('connection');
  const { version, live, offline } = document.body.dataset;
  const events = new EventSource(
    `${location.pathname}/events?version=${version}&lang=${document.documentElement.lang}`,
  );
  // The page's policy lets no other string become HTML than what its own server sent here, rendered and escaped.
  const rendered = window.trustedTypes?.createPolicy('concord-reading', { createHTML: (html) => html });
  const element = (html) => {
    const template = document.createElement('template');
    template.innerHTML = rendered ? rendered.createHTML(html) : html;
    return template.content.firstElementChild;
  };
  events.onopen = () => {
    status.textContent = live;
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
      if (patch.remove) {
        document.getElementById(`clause-${patch.remove}`)?.remove();
        continue;
      }
      const text = document.getElementById(`recommendation-${patch.recommendation}`);
      if (!text) continue;
      document.getElementById(`clause-${patch.clause}`)?.remove();
      const fresh = element(patch.html);
      const after = patch.after === null ? null : document.getElementById(`clause-${patch.after}`);
      if (after) after.after(fresh);
      else text.prepend(fresh);
    }
  };
})();
