"use strict";
(() => {
  const search = document.getElementById("search");
  const outcome = document.getElementById("outcome");
  const shown = document.getElementById("shown");
  const checks = Array.from(document.querySelectorAll("details.check"), (element) => ({
    element,
    outcome: element.dataset.outcome,
    text: (element.querySelector("summary").textContent + " " + Array.from(element.querySelectorAll(".message"), (one) => one.textContent).join(" ")).toLowerCase(),
  }));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const check of checks) {
      const wanted = (!outcome.value || check.outcome === outcome.value) && words.every((word) => check.text.includes(word));
      check.element.hidden = !wanted;
      count += wanted;
    }
    shown.textContent = `${count} of ${checks.length} checks`;
  };
  search.addEventListener("input", filter);
  outcome.addEventListener("change", filter);
  document.querySelector(".filter").hidden = false;
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.matches("details.check")) {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "Copied";
    });
  }
  addEventListener("beforeprint", () => {
    for (const check of checks) check.element.hidden = false;
  });
})();
