// What the pages do beyond plain HTML: suggestions, results as one types, keys, citing. Every page works without it.

const COMPOSING_KEY_CODE = 229; // what browsers report for keys that an IME consumes
const SUGGEST_DELAY_MS = 80;
const RESULTS_DELAY_MS = 300;
const ANNOUNCE_DELAY_MS = 700; // after the last key: a screen reader should hear one count, not each
const RECENT_KEY = "recent-searches";
const MAX_RECENT = 8;
const KINDS = { term: "語", heading: "見出し", question: "質問", recent: "最近の検索" };

const LATIN = /^[ -~]{3,}$/; // an unconverted reading begins with a Latin letter or two at most
const here = () => location.pathname + location.search;
const isComposing = (event) => event.isComposing || event.keyCode === COMPOSING_KEY_CODE;

function debounced(action, delay) {
  let timer;
  const run = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), delay);
  };
  run.cancel = () => clearTimeout(timer);
  return run;
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// -- recent searches, kept in this browser only --------------------------------------------------------------------

const recent = {
  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(RECENT_KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter((text) => typeof text === "string") : [];
    } catch {
      return [];
    }
  },
  add(text) {
    if (text) this.write([text, ...this.read().filter((other) => other !== text)].slice(0, MAX_RECENT));
  },
  write(texts) {
    try {
      localStorage.setItem(RECENT_KEY, JSON.stringify(texts));
    } catch {
      // Storage may be switched off by policy; searching works without it.
    }
  },
};

// -- suggestions: ARIA combobox, list autocomplete, manual selection -----------------------------------------------

class Suggestions {
  constructor(input) {
    this.input = input;
    this.composing = false;
    this.active = -1;
    this.request = null;
    input.type = "text"; // a search box may not be a combobox
    this.list = element("ul", { role: "listbox", id: "page_suggestions", "aria-label": "検索の候補", class: "suggestions" });
    this.list.hidden = true;
    input.after(this.list);
    const states = { role: "combobox", "aria-autocomplete": "list", "aria-controls": "page_suggestions" };
    for (const [key, value] of Object.entries(states)) input.setAttribute(key, value);
    input.setAttribute("aria-expanded", "false");
    this.askSoon = debounced(() => this.ask(), SUGGEST_DELAY_MS);
    input.addEventListener("compositionstart", () => (this.composing = true));
    input.addEventListener("compositionend", () => (this.composing = false));
    input.addEventListener("input", this.askSoon);
    input.addEventListener("focus", () => input.value || this.ask());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.key(event));
    input.form.addEventListener("submit", (event) => {
      if (this.composing) event.preventDefault();
      this.close();
    });
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the box
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
  }

  async ask() {
    const typed = this.input.value.trim();
    if (!typed) return this.show(recent.read().map((text) => ({ kind: "recent", text })));
    this.request?.abort();
    this.request = new AbortController();
    const parameters = new URLSearchParams(new FormData(this.input.form));
    for (const name of ["sort", "exact", "per_page"]) parameters.delete(name);
    parameters.set("q", typed);
    try {
      const answer = await fetch(`/api/v1/suggest?${parameters}`, { signal: this.request.signal });
      if (answer.ok) this.show((await answer.json()).suggestions);
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  show(items) {
    if (document.activeElement !== this.input) return;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    const options = items.map((item, number) => {
      const count = item.count > 1 ? `${item.count.toLocaleString()}件` : "";
      const note = element("span", { class: "suggestion-note" }, [KINDS[item.kind], count].filter(Boolean).join(" "));
      const option = element("li", { role: "option", id: `page_suggestion_${number}`, "aria-selected": "false" }, item.text, note);
      if (item.kind === "term" || item.kind === "recent") option.dataset.text = item.text;
      else option.dataset.url = item.url;
      return option;
    });
    if (items[0]?.kind === "recent") {
      const clear = element("li", { role: "option", id: "page_suggestion_clear", "aria-selected": "false" }, "最近の検索を消す");
      options.push(clear);
    }
    this.list.replaceChildren(...options);
    this.list.hidden = !options.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  close() {
    this.askSoon.cancel();
    this.request?.abort();
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (this.composing || isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const options = [...this.list.children];
    if (event.key === "Escape") {
      if (!this.list.hidden) event.preventDefault();
      this.close(); // also what has been asked for and is not there yet
    } else if (event.key === "Enter" && this.active >= 0) {
      event.preventDefault();
      this.choose(options[this.active]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.ask();
      else this.move(event.key === "ArrowDown" ? 1 : -1, options);
    }
  }

  move(step, options) {
    this.active = ((this.active + step + 1 + options.length + 1) % (options.length + 1)) - 1;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === this.active)));
    const chosen = options[this.active];
    if (!chosen) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  choose(option) {
    if (!option) return;
    const { url, text } = option.dataset;
    this.close();
    if (url) return location.assign(url);
    if (!text) return recent.write([]);
    this.input.value = text; // by the form, so that its filters stay, under which the hits were counted
    this.input.form.requestSubmit();
  }
}

// -- results as one types and ticks --------------------------------------------------------------------------------

class LiveResults {
  constructor(form) {
    this.form = form;
    this.input = form.elements.q;
    this.request = null;
    this.results = document.querySelector(".results");
    this.shown = here();
    this.typing = false; // whether the newest entry of the history was made by typing
    const said = form.parentElement.querySelector("[role=status]");
    this.announce = debounced((text) => (said.textContent = text), ANNOUNCE_DELAY_MS);
    const typed = debounced(() => this.update({ typing: true }), RESULTS_DELAY_MS);
    let composing = false;
    this.input.addEventListener("compositionstart", () => {
      composing = true;
      typed.cancel();
    });
    this.input.addEventListener("compositionend", () => {
      composing = false;
      typed();
    });
    this.input.addEventListener("input", (event) => {
      this.announce.cancel();
      if (!composing || LATIN.test(event.data ?? "")) typed();
    });
    form.addEventListener("submit", (event) => {
      typed.cancel();
      if (event.defaultPrevented || this.wanted() !== this.shown) return;
      event.preventDefault(); // would put the same address into the history once more
      location.reload();
    });
    form.addEventListener("change", (event) => event.target !== this.input && this.update());
    this.results.addEventListener("click", (event) => {
      if (event.target.closest(".hit a")) recent.add(new URLSearchParams(location.search).get("q"));
    });
    addEventListener("popstate", () => here() !== this.shown && this.load(here(), { restore: true }));
  }

  wanted() {
    const parameters = new URLSearchParams(new FormData(this.form));
    if (!parameters.get("q")) parameters.delete("q");
    return parameters.size ? `/search?${parameters}` : "/search";
  }

  update({ typing = false } = {}) {
    return this.load(this.wanted(), { typing });
  }

  async load(address, { typing = false, restore = false }) {
    this.request?.abort();
    this.request = new AbortController();
    let page;
    try {
      const answer = await fetch(address, { signal: this.request.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch (error) {
      if (error.name !== "AbortError" && !typing) location.assign(address);
      return;
    }
    if (typing && !page.querySelector(".hit")) return; // half a word finds nothing: what was shown stays
    this.announce(page.querySelector("#summary").textContent);
    this.results.replaceChildren(...page.querySelector(".results").childNodes);
    document.title = page.title;
    for (const fresh of page.querySelectorAll(".filters .choice")) this.refresh(fresh, restore);
    if (restore) this.input.value = page.querySelector("#page_q").value;
    else if (typing && this.typing) history.replaceState(null, "", address);
    else if (address !== this.shown) history.pushState(null, "", address); // Back leads to the search before
    this.typing = typing;
    this.shown = address;
  }

  refresh(fresh, restore) {
    const { name, value, checked } = fresh.querySelector("input");
    const box = this.form.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
    if (restore) box.checked = checked;
    const choice = box.closest(".choice");
    choice.className = fresh.className;
    choice.querySelector(".count")?.replaceChildren(...fresh.querySelector(".count").childNodes);
  }
}

// -- keys: none while something is typed or composed ---------------------------------------------------------------

function watchKeys() {
  const help = document.querySelector("#page_keys");
  document.querySelector("#page_show_keys")?.addEventListener("click", () => help.showModal());
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog");
    if (typing || isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      event.preventDefault();
      const box = document.querySelector("#page_q");
      box?.focus();
      box?.select();
    } else if (event.key === "?") {
      help.showModal();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      moveThroughHits(event);
    }
  });
}

function moveThroughHits(event) {
  const links = [...document.querySelectorAll(".hit h2 a")];
  const place = links.indexOf(document.activeElement);
  if (!links.length || (place < 0 && !document.activeElement.matches("body, main"))) return;
  event.preventDefault();
  links[Math.min(links.length - 1, Math.max(0, place + (event.key === "ArrowDown" ? 1 : -1)))].focus();
}

// -- a document: marks, contents, citing ---------------------------------------------------------------------------

function walkMarks(bar) {
  const marks = [...document.querySelectorAll(".document mark")];
  if (!marks.length) return;
  let place = -1;
  const position = bar.querySelector(".mark-position");
  const go = (step) => {
    if (place < 0) {
      const below = marks.findIndex((mark) => mark.getBoundingClientRect().top > 0); // of what is being read
      place = Math.max(below, 0) - (step > 0);
    }
    marks[place]?.classList.remove("current");
    place = (place + step + marks.length) % marks.length;
    marks[place].classList.add("current");
    marks[place].scrollIntoView({ block: "center" });
    position.textContent = `${place + 1}／${marks.length}か所目`;
  };
  bar.querySelector("[data-step='-1']").addEventListener("click", () => go(-1));
  bar.querySelector("[data-step='1']").addEventListener("click", () => go(1));
  bar.hidden = false;
}

function followContents(contents) {
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let shown;
  const mark = () => {
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
    const current = passed.at(-1)?.id;
    if (current === shown) return;
    shown = current;
    for (const [id, link] of links) id === current ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    if (contents.matches(":focus-within") || contents.scrollHeight <= contents.clientHeight) return;
    contents.scrollTop = (links.get(current)?.offsetTop ?? 0) - contents.clientHeight / 2;
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
}

async function copied(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field.select(); // plain http inside a municipal network has no clipboard interface
    return document.execCommand("copy");
  }
}

function offerCitations(dialog) {
  const { title, pages, updated } = dialog.dataset;
  const field = dialog.querySelector("textarea");
  const said = dialog.querySelector("[role=status]");
  let section = { address: "", name: "" };
  const forms = {
    link: () => section.address,
    markdown: () => `[${section.name.replace(/[\\[\]]/g, "\\$&")}](${section.address})`,
    plain: () => `${section.name}（${[pages, updated].filter(Boolean).join("、")}）\n${section.address}`,
  };
  for (const button of document.querySelectorAll(".cite")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const { anchor, heading } = button.dataset;
      const address = `${location.origin}${location.pathname}${anchor ? `#${encodeURIComponent(anchor)}` : ""}`;
      section = { address, name: heading ? `「${title}」${heading}` : `「${title}」` };
      field.value = forms.plain();
      said.textContent = "";
      dialog.showModal();
    });
  }
  for (const button of dialog.querySelectorAll("[data-form]")) {
    button.addEventListener("click", async () => {
      field.value = forms[button.dataset.form]();
      const done = await copied(field.value, field);
      said.textContent = done ? `${button.textContent}としてコピーしました。` : "コピーできませんでした。上の欄から選んでコピーしてください。";
    });
  }
}

// -- start -----------------------------------------------------------------------------------------------------------

const box = document.querySelector("#page_q");
if (box) new Suggestions(box);
const form = document.querySelector("form.search-layout");
if (form) {
  new LiveResults(form);
  if (document.querySelector(".hit")) recent.add(box.value);
}
watchKeys();
document.querySelectorAll(".with-script").forEach((part) => (part.hidden = false));
document.querySelectorAll(".marks").forEach(walkMarks);
document.querySelectorAll("a.to-results").forEach((link) => {
  if (document.referrer.startsWith(`${location.origin}/search?`)) link.href = document.referrer; // with its filters
});
document.querySelectorAll("nav.contents").forEach(followContents);
document.querySelectorAll("dialog#page_cite").forEach(offerCitations);
