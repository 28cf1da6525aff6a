"""The page's script: filters while somebody types, and keeps what is shown up to date without getting in the way.

Everything works without it; then a form is sent and a link reloads. It asks this origin for the same page and takes
over the parts marked ``data-live``, so there is one way to render and nothing to keep in step.
"""

from __future__ import annotations

SCRIPT = """
(() => {
  "use strict";
  const EVERY = 30000, SOON = 120;
  const form = document.querySelector("form.search");
  const offline = document.getElementById("offline");
  const updating = document.getElementById("updating");
  let running = null, timer = 0;

  const name = element => element && (element.id ? "#" + element.id : element.getAttribute("href"));
  const find = wanted => wanted && [...document.querySelectorAll("[data-live] :is(a, button, [id])")]
    .find(each => name(each) === wanted);

  const take = text => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const focused = document.activeElement?.closest("[data-live]") ? name(document.activeElement) : null;
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      if (!other) continue;
      if (other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
    }
    document.title = fresh.title;
    const again = find(focused);
    if (again && again !== document.activeElement) again.focus({preventScroll: true});
  };

  const load = async address => {
    running?.abort();
    const mine = running = new AbortController();
    try {
      const answer = await fetch(address, {signal: mine.signal, cache: "no-cache", credentials: "same-origin"});
      if (!answer.ok) throw new Error("HTTP " + answer.status);
      const text = await answer.text();
      if (mine !== running) return;
      take(text);
      offline.hidden = true;
    } catch (error) {
      if (error.name !== "AbortError") offline.hidden = false;
    } finally {
      if (mine === running) { running = null; document.body.removeAttribute("data-busy"); }
    }
  };

  if (form) {
    const asked = () => {
      const fields = new URLSearchParams();
      for (const [key, value] of new FormData(form)) if (value.trim()) fields.set(key, value.trim());
      return "?" + fields;
    };
    const go = () => {
      const address = asked();
      history.replaceState(null, "", address === "?" ? location.pathname : address);
      document.body.setAttribute("data-busy", "");
      load(address);
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(go, SOON); });
    form.addEventListener("submit", event => { event.preventDefault(); clearTimeout(timer); go(); });
    document.addEventListener("keydown", event => {
      const typing = event.target.closest("input, select, textarea, [contenteditable]");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        form.elements.q.focus();
        form.elements.q.select();
      } else if (event.key === "Escape" && event.target === form.elements.q && form.elements.q.value) {
        form.elements.q.value = "";
        go();
      }
    });
  }

  if (updating) {
    const box = updating.querySelector("input");
    updating.hidden = false;
    const busy = () => document.hidden || !box.checked || running || getSelection()?.type === "Range";
    setInterval(() => { if (!busy()) load(location.href); }, EVERY);
    const back = () => { if (!busy()) load(location.href); };
    document.addEventListener("visibilitychange", back);
    box.addEventListener("change", back);
  }
})();
"""
"""Nothing in it depends on what is shown."""
