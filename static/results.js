// Results are replaced while an experiment runs: what was opened stays open, and a sentence that
// has changed is read out.
(() => {
  "use strict";

  const opened = new Map();

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
    const sentence = document.getElementById("results-sentence");
    const said = document.getElementById("results-said");
    if (sentence && said && said.textContent !== sentence.textContent) {
      said.textContent = sentence.textContent;
    }
  });
})();
