// Results are replaced while an experiment runs: what was opened stays open, what is open stays as
// new as the verdict, hidden tabs rest, and a sentence that has changed is read out.
(() => {
  "use strict";

  const opened = new Map();
  const results = () => document.getElementById("results");
  const sentence = () => document.getElementById("results-sentence")?.textContent;
  let known = sentence();

  // ---- sections: fetched when they are opened, and while open when figures have changed ----
  function fetchAnew(body) {
    delete body.dataset.stale;
    htmx.trigger(body, "refresh");
  }

  function figuresChanged() {
    for (const body of document.querySelectorAll(".section-body[hx-get]")) {
      if (body.parentElement.open) fetchAnew(body);
      else body.dataset.stale = "";
    }
  }

  // A toggle does not bubble.
  document.addEventListener(
    "toggle",
    (event) => {
      const details = event.target;
      if (details.id) opened.set(details.id, details.open);
      const stale = details.open && details.querySelector(":scope > .section-body[data-stale]");
      if (stale) fetchAnew(stale);
    },
    true,
  );

  function openNamed() {
    const named = location.hash && document.getElementById(location.hash.slice(1));
    const section = named?.closest?.("details");
    if (section) section.open = true;
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    for (const [id, open] of opened) {
      const details = document.getElementById(id);
      if (details && details.open !== open) details.open = open;
    }
    if (event.detail.target.id !== "results") return;
    figuresChanged();
    if (sentence() !== known) {
      known = sentence();
      document.getElementById("results-said").textContent = known;
    }
  });

  // ---- what has not changed is not sent again: the server says that it still holds ----
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, headers } = event.detail;
    if (elt.id === "results" && elt.dataset.tag) headers["If-None-Match"] = elt.dataset.tag;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const moment = document.getElementById("as-of");
    const { elt, xhr } = event.detail;
    if (elt.id !== "results" || xhr.status !== 304 || !moment) return;
    moment.textContent = xhr.getResponseHeader("As-Of");
  });

  // ---- a hidden tab rests, and catches up when it is looked at ----
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.id === "results") event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && results()?.hasAttribute("hx-get")) htmx.trigger("#results", "refresh");
  });

  window.addEventListener("hashchange", openNamed);
  openNamed();
})();
