// What every page does in the browser. All of it is a comfort: pages work without.
(() => {
  "use strict";

  // ---- theme: auto, light or dark, remembered in this browser ----
  const root = document.documentElement;

  function showTheme() {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      const chosen = button.dataset.themeChoice === (root.dataset.theme || "auto");
      button.setAttribute("aria-pressed", String(chosen));
    }
  }

  function chooseTheme(theme) {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      if (theme === "auto") localStorage.removeItem("theme");
      else localStorage.setItem("theme", theme);
    } catch {
      // Not remembered, but it holds on this page.
    }
    showTheme();
  }

  // ---- times, in the reader's zone and language ----
  const formats = {
    date: { dateStyle: "medium" },
    datetime: { dateStyle: "medium", timeStyle: "short" },
  };

  function showTimes(within) {
    for (const time of within.querySelectorAll("time[data-local]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      const format = formats[time.dataset.local] || formats.datetime;
      time.textContent = new Intl.DateTimeFormat(navigator.language, format).format(moment);
      time.title = new Intl.DateTimeFormat(navigator.language, {
        dateStyle: "full",
        timeStyle: "long",
      }).format(moment);
    }
  }

  // ---- toasts: what a page has to say after it was loaded ----
  function toast(text, tone) {
    const region = document.getElementById("toasts");
    if (!region) return;
    const notice = document.createElement("div");
    notice.className = `alert alert-${tone}`;
    notice.textContent = text;
    region.replaceChildren(notice);
    setTimeout(() => notice.remove(), 8000);
  }

  // ---- copy buttons ----
  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const text = source.value ?? source.textContent;
    const label = button.querySelector("[data-label]") || button;
    try {
      await navigator.clipboard.writeText(text);
      const before = label.textContent;
      label.textContent = "Copied";
      setTimeout(() => (label.textContent = before), 2000);
      toast("Copied to the clipboard.", "success");
    } catch {
      source.select?.();
      toast("Your browser didn't allow copying. Press Ctrl+C or ⌘C.", "warning");
    }
  }

  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-theme-choice]");
    if (choice) chooseTheme(choice.dataset.themeChoice);
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // ---- signing in again in another tab changes the token that forms must send ----
  function csrfToken() {
    return document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1];
  }

  document.addEventListener(
    "submit",
    (event) => {
      const field = event.target.elements.namedItem("csrfmiddlewaretoken");
      if (field) field.value = csrfToken() || field.value;
    },
    true,
  );

  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, parameters } = event.detail;
    const token = csrfToken();
    if (!token || event.detail.verb === "get") return;
    headers["x-csrftoken"] = token;
    if (parameters.csrfmiddlewaretoken) parameters.csrfmiddlewaretoken = token;
  });

  // ---- a whole number is asked for: say it while another is typed ----
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches("[data-whole]")) return;
    const typed = field.value.trim();
    const most = Number(field.dataset.whole);
    const fits = !typed || (/^\d+$/.test(typed) && Number(typed) >= 1 && Number(typed) <= most);
    let note = document.getElementById(`${field.id}_whole`);
    if (!note) {
      note = document.createElement("div");
      note.id = `${field.id}_whole`;
      note.className = "errorlist";
      note.setAttribute("role", "status");
      field.after(note);
    }
    note.textContent = fits ? "" : `A whole number from 1 to ${most.toLocaleString()}.`;
    field.toggleAttribute("aria-invalid", !fits);
    if (!fits) field.setAttribute("aria-invalid", "true");
  });

  // ---- a form is sent once, however often its button is pressed ----
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    event.submitter?.setAttribute("aria-busy", "true");
    // Later, because a disabled button's own value would not be sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button:not([type=button])")) {
        button.disabled = true;
      }
    });
  });

  // Coming back with the browser's Back button, the form may be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) {
        button.disabled = false;
        button.removeAttribute("aria-busy");
      }
    }
  });

  // ---- htmx: say it when something failed, and dress what came in ----
  document.addEventListener("htmx:responseError", (event) => {
    const xhr = event.detail.xhr;
    const plain = (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    const away = "Not available for a moment. Try again in a few seconds.";
    const other = xhr.status === 503 ? away : "That didn't work. Load the page again.";
    toast(plain ? xhr.responseText : other, "danger");
  });
  document.addEventListener("htmx:sendError", () => {
    toast("The server can't be reached. Check your connection and try again.", "danger");
  });
  document.addEventListener("htmx:load", (event) => showTimes(event.detail.elt));

  // ---- a page begins at what it says is first, or at what is wrong with a form that was sent ----
  function focusOnWhatMatters() {
    const chosen = document.querySelector("[data-focus]");
    if (!chosen && document.querySelector("[autofocus]")) return;
    const wrong = document.querySelector('.errorlist.nonfield, [aria-invalid="true"]');
    const target = chosen || wrong;
    if (target?.matches(".errorlist")) target.tabIndex = -1;
    target?.focus();
  }

  showTheme();
  showTimes(document);
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest" });
  // Not before: where the address names a part of the page, going to it takes the focus away.
  window.addEventListener("load", focusOnWhatMatters);
})();
