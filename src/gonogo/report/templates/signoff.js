"use strict";
(() => {
  const search = document.getElementById("search");
  const outcome = document.getElementById("outcome");
  const shown = document.getElementById("shown");
  const HEAD = 64; // pixels that the contents may cover
  const QUIET = ["pass", "verified", "attested", "supported"];

  // Folded parts wait as text at the end of the page; the other page, which has everything, is for others.
  const waiting = document.getElementById("chunks")?.textContent.split("\u001e").slice(1) ?? [];
  const here = (root) => {
    for (const link of root.querySelectorAll('a[href^="signoff-whole.html#"]')) link.setAttribute("href", link.getAttribute("href").replace("signoff-whole.html", ""));
  };
  here(document);
  const fill = (details) => {
    if (details.dataset.chunk === undefined) return;
    const parsed = document.createElement("template");
    parsed.innerHTML = waiting[details.dataset.chunk];
    here(parsed.content);
    details.append(parsed.content);
    delete details.dataset.chunk;
  };
  // By id the number of the part that holds it, and by number that of the part around it.
  let places;
  const placed = () => {
    if (places) return places;
    places = { ids: new Map(), around: new Map() };
    waiting.forEach((html, number) => {
      for (const found of html.matchAll(/ id="([^"]+)"/g)) places.ids.set(found[1], number);
      for (const found of html.matchAll(/ data-chunk="(\d+)"/g)) places.around.set(Number(found[1]), number);
    });
    return places;
  };
  const reveal = (number) => {
    const holder = () => document.querySelector(`[data-chunk="${number}"]`);
    if (!holder() && placed().around.has(number)) reveal(placed().around.get(number));
    if (holder()) fill(holder());
  };
  const element = (id) => {
    if (!document.getElementById(id) && placed().ids.has(id)) reveal(placed().ids.get(id));
    return document.getElementById(id);
  };

  // Everything that can be looked for, once somebody does.
  let all;
  const everything = () => {
    if (all) return all;
    const numbers = new Map();
    for (const part of document.querySelectorAll("details.part")) fill(part);
    for (const check of document.querySelectorAll("details.check[data-chunk]")) numbers.set(check, check.dataset.chunk);
    // Children before their parents: a parent is shown for the sake of its child.
    // The sum is over what the gate demands, without lines that only group others.
    const lines = Array.from(document.querySelectorAll(".tree li[id]"), (li) => ({
      element: li, own: li.firstElementChild, counts: !li.matches(".parent, .quiet"),
    })).reverse();
    const checks = Array.from(document.querySelectorAll("details.check"), (own) => ({ element: own, own, chunk: numbers.get(own) }));
    all = { lines, checks, parts: Array.from(document.querySelectorAll(".part")) };
    return all;
  };
  const words = new DOMParser();
  // Id, title, message and section: whatever else stands there, as the command or a note, names what is not meant.
  const text = (one) => {
    const folded = one.chunk === undefined ? [] : words.parseFromString(waiting[one.chunk], "text/html").querySelectorAll(".message");
    const said = one.own.matches(".line") ? one.own.querySelectorAll(":scope > p") : one.own.querySelectorAll(":scope > summary, .message");
    const section = Array.from(one.own.closest(".part").querySelector("h3, h4").childNodes).filter((part) => part.className !== "count");
    return [...section, ...said, ...folded].map((part) => part.textContent).join(" ").toLowerCase();
  };
  // "trouble", or of which kind and which class: lines and checks share some words.
  const wanted = (one, kind, sought) => {
    const classes = one.element.classList;
    const [of, status] = outcome.value.split(" ");
    if (status ? of !== kind || !classes.contains(status) : of && QUIET.some((quiet) => classes.contains(quiet))) return false;
    if (!sought.length) return true;
    one.text ??= text(one);
    return sought.every((word) => one.text.includes(word));
  };
  // What was found below the fold was not found; the reader goes on typing where they are.
  const into = (hit) => {
    const { top, bottom } = hit.getBoundingClientRect();
    if (top < HEAD || bottom > innerHeight) hit.scrollIntoView({ block: "center" });
  };
  const filter = () => {
    const sought = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const { lines, checks, parts } = everything();
    const found = { lines: 0, others: 0, checks: 0 };
    let first = null;
    for (const line of lines) {
      const own = wanted(line, "lines", sought);
      line.element.hidden = !own && !line.element.querySelector("li[id]:not([hidden])");
      found[line.counts ? "lines" : "others"] += own;
      if (own) first = line.own;
    }
    for (const check of checks) {
      const own = wanted(check, "checks", sought);
      check.element.hidden = !own;
      found.checks += own;
      if (own) first ??= check.own;
    }
    for (const part of parts) {
      part.hidden = !part.querySelector("li[id]:not([hidden]), details.check:not([hidden])");
      if (part.tagName === "DETAILS") part.open = Boolean(sought.length || outcome.value);
    }
    const filtered = sought.length || outcome.value;
    const others = found.others ? ` (and ${found.others} that the sum does not count)` : "";
    const counted = lines.filter((line) => line.counts).length;
    shown.textContent = filtered ? `${found.lines} of ${counted} lines${others}, ${found.checks} of ${checks.length} checks` : "";
    if (filtered && first) into(first);
  };
  search.addEventListener("input", filter);
  outcome.addEventListener("change", filter);
  for (const bar of document.querySelectorAll(".filter")) bar.hidden = false;

  const open = () => {
    const found = location.hash && element(decodeURIComponent(location.hash.slice(1)));
    if (!found) return;
    for (let one = found; one; one = one.parentElement) {
      one.hidden = false;
      if (one.tagName === "DETAILS") {
        fill(one);
        one.open = true;
      }
    }
    found.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  // The command of a check differs by its id alone: thousands of them would be a megabyte.
  const commanded = (again) => {
    const code = document.createElement("code");
    code.textContent = document.body.dataset.again + again.closest("details.check").id;
    again.append(document.body.dataset.label, code);
  };
  const copies = (again) => {
    // A line breaks between words, and not within --gate: it is typed as it is read.
    const code = again.querySelector("code");
    code.replaceChildren(...code.textContent.split(/( )/).map((word) => {
      const whole = document.createElement("span");
      whole.textContent = word;
      return word === " " ? word : whole;
    }));
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
    });
    again.append(" ", button);
  };
  for (const again of document.querySelectorAll(".first .again, .problems > li > .again, #blockers ~ .again, .roles .again")) copies(again);
  // Where it is opened, so that thousands of checks cost nothing. "toggle" does not bubble.
  document.addEventListener("toggle", (event) => {
    if (!event.target.open) return;
    fill(event.target);
    if (!event.target.matches("details.check, details.more")) return;
    for (const again of event.target.querySelectorAll(".again:not(:has(button))")) {
      if (!again.firstChild) commanded(again);
      copies(again);
    }
  }, true);

  // For browsers that cannot print what is folded: the page that has everything is printed whole.
  let folded = [];
  addEventListener("beforeprint", () => {
    if (waiting.length) return;
    const { lines, checks, parts } = everything();
    for (const one of [...lines, ...checks]) one.element.hidden = false;
    for (const part of parts) part.hidden = false;
    folded = Array.from(document.querySelectorAll("details:not([open])"));
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    if (!waiting.length) filter();
  });

  // A verdict does not last: by this reader's clock.
  const validity = document.querySelector("[data-until]");
  const judge = () => {
    const now = Date.now();
    const minutes = Math.max(0, Math.round((now - Date.parse(validity.dataset.taken)) / 60000));
    const age = minutes < 120 ? `${minutes} min` : minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
    document.getElementById("age").textContent = `, ${age} old`;
    if (now < Date.parse(validity.dataset.until)) return;
    document.getElementById("expired").hidden = false;
    document.body.classList.add("over");
    if (!document.title.startsWith("EXPIRED")) document.title = `EXPIRED · ${document.title}`;
  };
  if (validity) {
    judge();
    setInterval(judge, 60000);
  }
})();
