// Keyboard: j and k go from headline to headline, o opens one, / searches, ? shows this.
"use strict";
(() => {
  const KEYS = [
    ["j", "next headline"],
    ["k", "headline before"],
    ["o", "open it in a new tab"],
    ["Enter", "open it here"],
    ["/", "search"],
    ["?", "this help"],
    ["Esc", "close this"],
  ];
  let help = null;

  const shown = () => [...document.querySelectorAll("a.headline")].filter((link) => link.checkVisibility());

  const step = (by) => {
    const links = shown();
    const at = links.indexOf(document.activeElement);
    const to = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
    links[to]?.focus();
  };

  const open = () => {
    const link = document.activeElement;
    if (link?.matches?.("a.headline")) window.open(link.href, "_blank", "noopener,noreferrer");
  };

  const search = () => {
    const field = document.querySelector("input[type=search]");
    if (field) field.focus();
    else document.querySelector("a[data-key='/']")?.click();
  };

  const element = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });

  const explain = () => {
    if (!help) {
      help = document.createElement("dialog");
      help.className = "help";
      const title = element("h2", "Keys");
      title.id = "help-title";
      help.setAttribute("aria-labelledby", title.id);
      const list = document.createElement("dl");
      for (const [key, does] of KEYS) {
        const term = document.createElement("dt");
        term.append(element("kbd", key));
        list.append(term, element("dd", does));
      }
      const close = element("button", "Close");
      close.addEventListener("click", () => help.close());
      help.append(title, list, close);
      document.body.append(help);
    }
    if (help.open) help.close();
    else help.showModal();
  };

  const acts = { j: () => step(1), k: () => step(-1), o: open, "/": search, "?": explain };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches?.("input, textarea, select, [contenteditable]")) return;
    const act = acts[event.key];
    if (!act || (help?.open && event.key !== "?")) return;
    event.preventDefault();
    act();
  });
})();
