// The desk: what changes is shown as it changes; everything here works without this too, by looking again.
"use strict";
(() => {
  const main = document.querySelector("main.desk");

  // A page that says how often it is worth looking again: its parts are taken over one by one, never under a cursor.
  const every = Number(main?.dataset.live) * 1000;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const next = fresh.getElementById(part.id);
      if (next && !part.contains(document.activeElement) && part.innerHTML !== next.innerHTML) part.replaceWith(next);
    }
    document.title = fresh.title;
    if (!fresh.querySelector("main.desk")?.dataset.live) clearInterval(timer);
    document.dispatchEvent(new Event("pressroom:news"));
  };
  const timer = every ? setInterval(() => look().catch(() => {}), every) : 0;

  // Many failures at once.
  for (const form of document.querySelectorAll("[data-chosen]")) {
    const all = form.querySelector("[data-all]"), each = [...form.querySelectorAll("[name=failures]")];
    form.querySelector(".chooser").hidden = false;
    all.addEventListener("change", () => each.forEach((one) => { one.checked = all.checked; }));
    form.addEventListener("change", () => { all.checked = each.every((one) => one.checked); });
  }

  // The editor: how much there is, counted as the server counts; and no text is lost to a closed tab.
  for (const form of document.querySelectorAll("[data-editor]")) {
    const text = form.querySelector("textarea"), count = form.querySelector("[data-count]");
    const before = text.value;
    const most = Number(text.dataset.charsMax);
    const say = () => {
      const now = [...text.value].length;
      count.textContent = `, ${now.toLocaleString("en-GB")} now`;
      count.classList.toggle("off", now > most);
    };
    say();
    text.addEventListener("input", say);
    let sent = false;
    form.addEventListener("submit", () => { sent = true; });
    addEventListener("beforeunload", (event) => { if (!sent && text.value !== before) event.preventDefault(); });
  }
})();
