"use strict";
(() => {
  const search = document.getElementById("search");
  const outcome = document.getElementById("outcome");
  const shown = document.getElementById("shown");
  const QUIET = ["pass", "verified", "attested", "supported"];
  const text = (element) => element.textContent.toLowerCase();
  // Children before their parents: a parent is shown for the sake of its child.
  const lines = Array.from(document.querySelectorAll(".tree li[id]"), (element) => ({ element, own: element.firstElementChild })).reverse();
  const checks = Array.from(document.querySelectorAll("details.check"), (element) => ({ element, own: element }));
  const parts = Array.from(document.querySelectorAll(".part"));
  const wanted = (one, words, status) => {
    const classes = one.element.classList;
    if (status === "trouble" ? QUIET.some((quiet) => classes.contains(quiet)) : status && !classes.contains(status)) return false;
    if (!words.length) return true;
    one.text ??= text(one.own);
    return words.every((word) => one.text.includes(word));
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = { lines: 0, checks: 0 };
    for (const line of lines) {
      const own = wanted(line, words, outcome.value);
      line.element.hidden = !own && !line.element.querySelector("li[id]:not([hidden])");
      found.lines += own;
    }
    for (const check of checks) {
      const own = wanted(check, words, outcome.value);
      check.element.hidden = !own;
      found.checks += own;
    }
    for (const part of parts) part.hidden = !part.querySelector("li[id]:not([hidden]), details.check:not([hidden])");
    shown.textContent = `${found.lines} of ${lines.length} lines, ${found.checks} of ${checks.length} checks`;
  };
  search.addEventListener("input", filter);
  outcome.addEventListener("change", filter);
  document.querySelector(".filter").hidden = false;

  const target = () => document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const open = () => {
    const found = location.hash && target();
    if (!found) return;
    for (let one = found; one; one = one.parentElement) {
      one.hidden = false;
      if (one.tagName === "DETAILS") one.open = true;
    }
    found.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  const copies = (again) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const code = again.querySelector("code");
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
  // Where it is opened, so that thousands of checks cost nothing. "toggle" does not bubble.
  document.addEventListener("toggle", (event) => {
    const again = event.target.matches("details.check") && event.target.querySelector(".again");
    if (again && !again.querySelector("button")) copies(again);
  }, true);

  // For browsers that cannot print what is folded, and for paper that holds everything.
  let folded = [];
  addEventListener("beforeprint", () => {
    for (const one of [...lines, ...checks]) one.element.hidden = false;
    for (const part of parts) part.hidden = false;
    folded = Array.from(document.querySelectorAll("details:not([open])"));
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    filter();
  });
})();
