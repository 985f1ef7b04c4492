// Times: the page gives moments; here they become the reader's own hours, or how long ago that was.
"use strict";
(() => {
  const MINUTE = 60, HOUR = 3600, DAY = 86400;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short" });

  const absolute = (at, now) => {
    if (at.toDateString() === now.toDateString()) return clock.format(at);
    return (at.getFullYear() === now.getFullYear() ? day : dayOfYear).format(at);
  };
  const span = (seconds) => {
    if (seconds < HOUR) return `${Math.max(1, Math.floor(seconds / MINUTE))} min`;
    if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h`;
    return `${Math.floor(seconds / DAY)} d`;
  };

  // On paper an age would be wrong a minute later.
  let onPaper = false;
  const text = (at, now, form) => {
    const seconds = (now - at) / 1000;
    if (!form || onPaper || seconds > 6 * DAY || seconds < -MINUTE) return absolute(at, now);
    if (form === "short") return seconds < MINUTE ? "now" : span(seconds);
    return seconds < MINUTE ? "just now" : `${span(seconds)} ago`;
  };

  const refresh = () => {
    const now = new Date();
    for (const time of document.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const said = text(at, now, time.dataset.as);
      if (time.textContent !== said) time.textContent = said;
      if (!time.title) time.title = full.format(at);
    }
  };

  const paper = (is) => () => {
    onPaper = is;
    refresh();
  };

  refresh();
  addEventListener("beforeprint", paper(true));
  addEventListener("afterprint", paper(false));
  document.addEventListener("pressroom:news", refresh);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  setInterval(() => document.hidden || refresh(), 20000);
})();
