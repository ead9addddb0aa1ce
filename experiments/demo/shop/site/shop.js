// The chat of the shop's page. It talks to the shop's own server, which holds the token; the ids of
// visitor, conversation and messages are made here, so that whatever is sent again is sent as it was.
"use strict";

const RETRY_AFTER_MS = [500, 1500, 4000];
const at = (id) => document.getElementById(id);

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Without HTTPS, on another machine than this one, there is no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function kept(store, name, make) {
  let value = store.getItem(name);
  if (!value) {
    value = make();
    store.setItem(name, value);
  }
  return value;
}

const visit = () => {
  const preview = new URLSearchParams(location.search).get("preview") || "";
  if (preview !== (sessionStorage.getItem("preview") || "")) {
    // A conversation begins with the variant that a link chose, or without.
    sessionStorage.setItem("preview", preview);
    sessionStorage.removeItem("conversation");
  }
  return {
    visitor: kept(localStorage, "visitor", () => `shop-${newId()}`),
    conversation: kept(sessionStorage, "conversation", newId),
    ...(preview ? { preview } : {}),
  };
};

// The shop's server may be away for a moment. What is sent again has the ids that it had.
async function send(path, body) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      const said = await response.json();
      if (!response.ok) throw new Error(said.detail);
      return said;
    } catch (error) {
      if (!(error instanceof TypeError) || attempt >= RETRY_AFTER_MS.length) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS[attempt]));
    }
  }
}

function show(who, text) {
  const line = document.createElement("li");
  line.className = who === "You" ? "mine" : "theirs";
  const name = document.createElement("strong");
  name.textContent = who;
  const words = document.createElement("span");
  words.textContent = text;
  line.append(name, words);
  at("said").append(line);
  line.scrollIntoView({ block: "nearest" });
}

function failed(error) {
  at("problem").textContent = error.message || "The shop does not answer. Try again.";
  at("problem").hidden = false;
}

let greeting;

// What a variant's config says is the page's to apply: Glozr records it and changes no page.
function applyConfig(said) {
  clearTimeout(greeting);
  const { kind } = said.experiment || {};
  const config = (said.variant || {}).config || {};
  const offer = kind === "cta" && typeof config.text === "string" ? config.text : "";
  at("offer").textContent = offer;
  at("offer").hidden = !offer;
  if (kind === "trigger" && Number.isFinite(config.after_seconds)) {
    greeting = setTimeout(() => {
      if (!at("said").children.length) show(at("name").textContent, "Hello! Can I help you?");
      at("chat").classList.add("called");
    }, config.after_seconds * 1000);
  }
}

function remember(said) {
  const met = JSON.parse(localStorage.getItem("met") || "[]");
  const { visitor } = visit();
  const name = said.variant ? said.variant.name : "no variant";
  if (!said.is_own && said.source !== "preview" && !met.some(([who]) => who === visitor)) {
    met.push([visitor, name]);
    localStorage.setItem("met", JSON.stringify(met.slice(-8)));
  }
  at("met").textContent = met.map(([who, got]) => `${who.slice(5, 9)}… ${got}`).join(", ");
}

function showAnswer(said) {
  at("name").textContent = said.persona.name;
  at("tone").textContent = said.persona.tone;
  at("experiment").textContent = said.experiment
    ? `${said.experiment.name} (${said.experiment.kind})`
    : said.is_own
      ? "not known: Glozr did not answer within 300 ms, so the agent's own persona does"
      : "none runs for this visitor";
  at("variant").textContent = said.variant ? `${said.variant.name} (${said.source})` : "none";
  at("prompt").textContent = said.system_prompt;
  at("ribbon").hidden = said.source !== "preview";
  remember(said);
}

function showCall({ name, status, attempts, milliseconds }) {
  const times = attempts === 1 ? "" : `, ${attempts} attempts`;
  at("call").textContent = `${name}: ${status || "no answer"} in ${milliseconds} ms${times}`;
}

async function openVisit() {
  const now = visit();
  at("visitor").textContent = now.visitor;
  at("conversation").textContent = now.conversation;
  at("said").replaceChildren();
  at("problem").hidden = true;
  try {
    const said = await send("/visit", now);
    showAnswer(said);
    showCall(said.call);
    applyConfig(said);
  } catch (error) {
    failed(error);
  }
}

at("say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = at("text").value;
  at("text").value = "";
  at("problem").hidden = true;
  show("You", text);
  try {
    const said = await send("/say", { ...visit(), id: newId(), text });
    showAnswer(said);
    showCall(said.call);
    show(said.persona.name, said.reply);
  } catch (error) {
    failed(error);
  }
});

at("lead").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const said = await send("/lead", { ...visit(), email: at("email").value });
    showCall(said.call);
    at("lead-said").textContent = "Thank you. It is on its way.";
    at("email").value = "";
  } catch (error) {
    at("lead-said").textContent = error.message;
  }
});

at("again").addEventListener("click", () => {
  sessionStorage.removeItem("conversation");
  openVisit();
});

at("another").addEventListener("click", () => {
  localStorage.removeItem("visitor");
  sessionStorage.removeItem("conversation");
  openVisit();
});

openVisit();
