// Marks what is new since the last visit. Kept in this browser only; a visit ends after half an hour away.
"use strict";
(() => {
  const VISIT_MS = 30 * 60 * 1000;
  const KEPT = 3000;
  const name = `pressroom.seen.${document.documentElement.dataset.site}`;
  const links = () => [...document.querySelectorAll(".box .headline[href], .stream .headline[href]")];

  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(name));
      return Array.isArray(kept?.seen) && Array.isArray(kept?.before) ? kept : null;
    } catch {
      return null;
    }
  };
  const save = () => {
    try {
      localStorage.setItem(name, JSON.stringify(visit));
    } catch {
      // No room or no permission: then there are no marks.
    }
  };

  const visit = load() ?? { at: 0, before: [], seen: [] };
  if (Date.now() - visit.at > VISIT_MS) visit.before = visit.seen;
  const before = new Set(visit.before);

  const mark = () => {
    const seen = new Set(visit.seen);
    for (const link of links()) {
      seen.add(link.href);
      link.closest("li")?.classList.toggle("new", before.size > 0 && !before.has(link.href));
    }
    visit.seen = [...seen].slice(-KEPT);
    visit.at = Date.now();
    save();
  };

  mark();
  document.addEventListener("pressroom:news", mark);
  document.addEventListener("visibilitychange", () => { if (document.hidden) { visit.at = Date.now(); save(); } });
})();
