// A chat with several columns at once: every answer is shown as it comes. What a model says is put
// into the page as text, never as markup.
(() => {
  "use strict";

  const form = document.getElementById("try-form");
  const stop = form.querySelector("[data-stop]");
  const state = form.querySelector("[data-state]");
  const replay = document.querySelector("[data-replay]");
  const mostTurns = Number(form.dataset.turns);
  const columns = [...document.querySelectorAll("[data-column]")].map((element) => ({
    key: element.dataset.column,
    log: element.querySelector("[data-log]"),
    turns: [],
  }));
  let running = null;

  function show(column, kind, text) {
    const line = document.createElement("p");
    line.className = kind;
    line.dir = "auto";
    line.textContent = text;
    column.log.append(line);
    column.log.scrollTop = column.log.scrollHeight;
    return line;
  }

  function tokens(count) {
    return count === null ? "?" : String(count);
  }

  function ending(end) {
    const counted =
      end.tokens_read === null && end.tokens_written === null
        ? "tokens not told"
        : `${tokens(end.tokens_read)} tokens read, ${tokens(end.tokens_written)} written`;
    return `${end.seconds.toFixed(1)} s · ${counted}${end.note ? `. ${end.note}` : ""}`;
  }

  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) yield JSON.parse(line);
    }
  }

  // Until the end of the answer; false where it failed.
  async function ask(column, text, signal) {
    const turns = column.turns;
    turns.push({ role: "visitor", content: text });
    turns.splice(0, Math.max(0, turns.length - mostTurns + 1));
    show(column, "tryout-said tryout-said-visitor", text);
    const bubble = show(column, "tryout-said tryout-said-agent", "");
    let problem = "The answer broke off. Try again.";
    try {
      const response = await fetch(form.action, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body: new URLSearchParams({
          column: column.key,
          turns: JSON.stringify(turns),
          csrfmiddlewaretoken: form.elements.namedItem("csrfmiddlewaretoken").value,
        }),
        signal,
      });
      const type = response.headers.get("Content-Type") || "";
      if (!type.startsWith("application/x-ndjson")) {
        const plain = type.startsWith("text/plain");
        problem = plain ? await response.text() : "That didn't work. Try again in a few seconds.";
      } else {
        for await (const event of events(response)) {
          if (event.text) {
            bubble.textContent += event.text;
            column.log.scrollTop = column.log.scrollHeight;
          }
          if (event.problem) problem = event.problem;
          if (event.end) {
            problem = "";
            show(column, "tryout-end", ending(event.end));
          }
        }
      }
    } catch (error) {
      problem = signal.aborted ? "Stopped." : "The server can't be reached. Try again.";
    }
    if (column.turns !== turns) return false; // started over meanwhile
    const said = bubble.textContent;
    if (said.trim()) turns.push({ role: "agent", content: said });
    else {
      bubble.remove();
      turns.pop();
    }
    if (problem) show(column, "tryout-problem", problem);
    return !problem;
  }

  function forget(heading) {
    for (const column of columns) {
      column.turns = [];
      if (heading) show(column, "tryout-end", heading);
      else column.log.replaceChildren();
    }
  }

  // Each text is said to every column; the next when all have answered.
  async function sayAll(texts, isReplay) {
    if (running) return;
    running = new AbortController();
    stop.hidden = false;
    form.setAttribute("aria-busy", "true");
    if (replay) replay.disabled = true;
    const { signal } = running;
    for (const [number, text] of texts.entries()) {
      if (isReplay) forget(`Visitor ${number + 1} of ${texts.length}`);
      const went = await Promise.all(columns.map((column) => ask(column, text, signal)));
      if (signal.aborted || !went.some(Boolean)) break;
    }
    running = null;
    stop.hidden = true;
    form.removeAttribute("aria-busy");
    if (replay) replay.disabled = false;
    state.textContent = signal.aborted ? "Stopped." : "All have answered.";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = form.elements.namedItem("text");
    const text = field.value.trim();
    if (!text || running) return;
    field.value = "";
    state.textContent = "Asked.";
    sayAll([text], false);
  });

  document.addEventListener("click", (event) => {
    const opening = event.target.closest("[data-opening]");
    if (opening) sayAll([opening.dataset.opening], false);
    if (event.target.closest("[data-stop]")) running?.abort();
    if (event.target.closest("[data-restart]")) {
      running?.abort();
      forget("");
    }
    if (event.target.closest("[data-replay]")) {
      const first = [...document.querySelectorAll("[data-first]")];
      forget("");
      sayAll(first.map((each) => each.textContent), true);
    }
  });
})();
