// Live update: asks a tiny address whether the page has changed, and swaps in only what did. First of the scripts, so
// that it sees the page before the others change anything in it.
"use strict";
(() => {
  const POLL_MS = 4000;
  const POLL_MAX_MS = 60000;
  const AWAITED_MS = 400;
  const AWAITED_LOOKS = 30;
  const root = document.documentElement;
  const parts = [".masthead .meta", ".masthead .weather", ".announcement", ".block", ".top"];
  const boxes = new Map();
  const rest = new Map();
  let wait = POLL_MS;
  let timer = 0;
  let looks = 0;

  const remember = (page) => {
    boxes.clear();
    for (const box of page.querySelectorAll(".box")) boxes.set(box.dataset.feed, box.outerHTML);
    for (const part of parts) rest.set(part, page.querySelector(part)?.outerHTML);
  };

  const next = (ms) => {
    clearTimeout(timer);
    // Weather that was asked for a moment ago comes within a second or two, or not so soon.
    if (ms === POLL_MS && looks++ < AWAITED_LOOKS && document.querySelector("[data-awaited]")) ms = AWAITED_MS;
    if (!document.hidden) timer = setTimeout(look, ms * (0.9 + Math.random() * 0.2));
  };

  async function look() {
    try {
      const answer = await fetch(`/version/${encodeURIComponent(root.dataset.site)}`, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.statusText);
      if ((await answer.json()).version !== root.dataset.version) await take();
      wait = POLL_MS;
    } catch {
      wait = Math.min(POLL_MAX_MS, wait * 2);
    }
    next(wait);
  }

  async function take() {
    const answer = await fetch(location.href, { cache: "no-cache", credentials: "same-origin" });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // An edge may still hold the page we have.
    if (page.documentElement.dataset.version === root.dataset.version) return;
    swap(page);
    root.dataset.version = page.documentElement.dataset.version;
    document.dispatchEvent(new CustomEvent("pressroom:news"));
  }

  function swap(page) {
    const held = document.activeElement?.getAttribute("href");
    const heldIn = document.activeElement?.closest(".box, .top");
    const old = new Map([...document.querySelectorAll(".box")].map((box) => [box.dataset.feed, box]));
    const fresh = [...page.querySelectorAll(".box")];
    const before = new Map(boxes);
    const restBefore = new Map(rest);
    remember(page);
    for (const part of parts) {
      if (rest.get(part) !== restBefore.get(part)) put(part, page.querySelector(part));
    }
    put(".notice", page.querySelector(".notice"));
    const sameSet = fresh.length === old.size && fresh.every((box) => old.has(box.dataset.feed));
    if (!sameSet) {
      document.querySelector(".boxes").replaceWith(page.querySelector(".boxes"));
    } else {
      for (const box of fresh) {
        if (boxes.get(box.dataset.feed) === before.get(box.dataset.feed)) continue;
        const was = old.get(box.dataset.feed);
        const unfolded = was.querySelector("details")?.open;
        was.replaceWith(box);
        if (unfolded && box.querySelector("details")) box.querySelector("details").open = true;
      }
    }
    if (held && heldIn && !heldIn.isConnected) document.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  function put(selector, fresh) {
    const was = document.querySelector(selector);
    const unfolded = was?.querySelector("details")?.open;
    if (unfolded && fresh?.querySelector("details")) fresh.querySelector("details").open = true;
    if (was && fresh) was.replaceWith(fresh);
    else if (was) was.remove();
    else if (fresh) {
      if (selector === ".notice") document.querySelector("main").before(fresh);
      else if (selector === ".announcement") document.querySelector("main").before(fresh);
      else if (selector === ".block") document.querySelector("main").prepend(fresh);
      else if (selector === ".top") {
        const block = document.querySelector(".block");
        if (block) block.after(fresh);
        else document.querySelector("main").prepend(fresh);
      }
      else document.querySelector(".masthead").append(fresh);
    }
  }

  remember(document);
  document.addEventListener("visibilitychange", () => next(document.hidden ? 0 : 200));
  next(POLL_MS);
})();
