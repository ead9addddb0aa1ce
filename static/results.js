// Results are replaced while an experiment runs: what was opened stays open, and a sentence that
// has changed is read out.
(() => {
  "use strict";

  const opened = new Map();
  const sentence = () => document.getElementById("results-sentence")?.textContent;
  let known = sentence();

  // A toggle does not bubble.
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.id) opened.set(event.target.id, event.target.open);
    },
    true,
  );

  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, open] of opened) {
      const details = document.getElementById(id);
      if (details && details.open !== open) details.open = open;
    }
    if (sentence() !== known) {
      known = sentence();
      document.getElementById("results-said").textContent = known;
    }
  });
})();
